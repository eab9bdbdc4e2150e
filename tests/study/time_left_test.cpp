// What is left of a study: by the ended trials of the same case, else of the set, else of all.

#include "study/time_left.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace carousel {
namespace {

TrialRecord trial(const char* dataset, const char* cell, const char* status, double seconds) {
  TrialRecord r;
  r.dataset = dataset;
  r.cell = cell;
  r.status = status;
  r.seconds = seconds;
  return r;
}

// Two trials of a set have ended, one of which is a case with the one that waits.
TEST(TimeLeft, ACaseHasSetCellVariantSizeAndPoint) {
  const std::vector<double> share = {1, 1, 0};
  const auto left = [&](const std::function<void(TrialRecord&)>& change) {
    std::vector<TrialRecord> trials = {trial("a", "lstm", "done", 10),
                                       trial("a", "gru", "done", 30),
                                       trial("a", "lstm", "waiting", 0)};
    change(trials[2]);
    return seconds_left(trials, share, 1);
  };
  EXPECT_DOUBLE_EQ(left([](TrialRecord&) {}), 10.0);
  EXPECT_DOUBLE_EQ(left([](TrialRecord& r) { r.seed = 5; }), 10.0);
  EXPECT_DOUBLE_EQ(left([](TrialRecord& r) { r.cell = "mgu"; }), 20.0);
  EXPECT_DOUBLE_EQ(left([](TrialRecord& r) { r.variant = "NIG"; }), 20.0);
  EXPECT_DOUBLE_EQ(left([](TrialRecord& r) { r.hidden = 7; }), 20.0);
  EXPECT_DOUBLE_EQ(left([](TrialRecord& r) { r.setting = "model.depth=2"; }), 20.0);
}

TEST(TimeLeft, OfASetOfWhichNothingIsKnownItIsTheMeanOfAll) {
  const std::vector<TrialRecord> trials = {trial("a", "lstm", "done", 10),
                                           trial("b", "lstm", "done", 30),
                                           trial("c", "lstm", "waiting", 0)};
  EXPECT_DOUBLE_EQ(seconds_left(trials, {1, 1, 0}, 1), 20.0);
}

// A quarter of its epochs took 5 seconds; the ended one of the set took 60.
TEST(TimeLeft, OneThatRunsCountsByItsShareOfTheSet) {
  const std::vector<TrialRecord> trials = {trial("a", "lstm", "running", 5),
                                           trial("a", "gru", "done", 60),
                                           trial("a", "mgu", "waiting", 0)};
  // The running one: 20 at most, 5 behind it; the waiting one: the mean of 20 and 60.
  EXPECT_DOUBLE_EQ(seconds_left(trials, {0.25, 1, 0}, 1), 15.0 + 40.0);
}

// Of one that has made no update nothing is known.
TEST(TimeLeft, OneWithoutAShareDoesNotCount) {
  const std::vector<TrialRecord> trials = {trial("a", "lstm", "running", 5),
                                           trial("a", "gru", "done", 60),
                                           trial("a", "mgu", "waiting", 0)};
  EXPECT_DOUBLE_EQ(seconds_left(trials, {0, 1, 0}, 1), 55.0 + 60.0);
}

// Those that were skipped, or ended in no time, say nothing of how long one takes.
TEST(TimeLeft, OneThatTookNoTimeDoesNotCount) {
  const std::vector<TrialRecord> trials = {trial("a", "lstm", "skipped", 0),
                                           trial("a", "lstm", "done", 8),
                                           trial("a", "lstm", "waiting", 0)};
  EXPECT_DOUBLE_EQ(seconds_left(trials, {0, 1, 0}, 1), 8.0);
}

// The others took 10 seconds, this one 50 by now: a tenth more, but not beyond its epochs.
TEST(TimeLeft, OneThatOutlastsTheOthersEndsWithItsEpochs) {
  const std::vector<TrialRecord> trials = {trial("a", "lstm", "done", 10),
                                           trial("a", "lstm", "running", 50)};
  EXPECT_NEAR(seconds_left(trials, {1, 0.5}, 1), 5.0, 1e-12);
  EXPECT_NEAR(seconds_left(trials, {1, 0.98}, 1), 50.0 / 0.98 - 50.0, 1e-12);
  EXPECT_EQ(seconds_left(trials, {1, 1.0}, 1), 0.0);
}

// Resumed and not yet at the end of an epoch, with more behind it than the others took in all.
TEST(TimeLeft, OneThatOutlastedTheOthersBeforeAResumeIsNotAtItsEnd) {
  const std::vector<TrialRecord> trials = {trial("a", "lstm", "running", 20),
                                           trial("a", "gru", "done", 10)};
  EXPECT_NEAR(seconds_left(trials, {0, 1}, 1), 2.0, 1e-12);
}

TEST(TimeLeft, IsSharedByNoMoreThreadsThanThereAreOpenTrials) {
  std::vector<TrialRecord> trials = {trial("a", "lstm", "done", 12)};
  for (int k = 0; k < 3; ++k) trials.push_back(trial("a", "lstm", "waiting", 0));
  const std::vector<double> share = {1, 0, 0, 0};
  EXPECT_DOUBLE_EQ(seconds_left(trials, share, 1), 36.0);
  EXPECT_DOUBLE_EQ(seconds_left(trials, share, 2), 18.0);
  EXPECT_DOUBLE_EQ(seconds_left(trials, share, 4), 12.0);
  EXPECT_EQ(seconds_left({}, {}, 4), 0.0);
}

TEST(TimeLeft, IsNotKnownBeforeAnyTrialHasTakenTime) {
  EXPECT_TRUE(std::isnan(seconds_left(
      {trial("a", "lstm", "running", 0), trial("a", "lstm", "waiting", 0)}, {0, 0}, 1)));
}

}  // namespace
}  // namespace carousel
