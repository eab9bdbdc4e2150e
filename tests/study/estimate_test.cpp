// What a study will take: sizes by hand, times within what the estimate itself took.

#include "study/estimate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "catalogue.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(TermsToTrain, AreThoseOfEpochsAndAThirdOfWhatIsEvaluated) {
  StudyOptions study;
  study.train.epochs = 5;
  // Five epochs of 90 + 30 / 3, and (90 + 12) / 3 at the end.
  EXPECT_DOUBLE_EQ(terms_to_train(study, false, {90, 30, 12}), 5 * 100 + 34);
  EXPECT_DOUBLE_EQ(terms_to_train(study, false, {90, 0, 0}), 5 * 90 + 30);
  study.search.draws = 4;
  EXPECT_DOUBLE_EQ(terms_to_train(study, true, {90, 30, 12}), 5 * 100 + 30) << "no test figures";
}

TEST(TermsToTrain, OfADrawAreThoseThatHalvingLeavesOnAverage) {
  const auto epochs = [](int draws, int first, int factor, int all) {
    StudyOptions study;
    study.train.epochs = all;
    study.search.draws = draws;
    study.search.halving = {first, factor};
    return terms_to_train(study, true, {3, 0, 0}) / 3.0 - 1.0 / 3.0;
  };
  // Of 10 draws 4 go on after 2 epochs, 2 after 6, and one after 18.
  EXPECT_NEAR(epochs(10, 2, 3, 20), (10 * 2 + 4 * 4 + 2 * 12 + 1 * 2) / 10.0, 1e-12);
  EXPECT_NEAR(epochs(8, 1, 2, 4), (8 * 1 + 4 * 1 + 2 * 2) / 8.0, 1e-12) << "none stops at the end";
  EXPECT_NEAR(epochs(8, 4, 2, 4), 4.0, 1e-12);
  EXPECT_NEAR(epochs(8, 0, 2, 4), 4.0, 1e-12) << "there is no halving";
}

// Parameters of rnn_tanh with two inputs, and with its output.
std::int64_t of_cell(std::int64_t hidden) { return hidden * (2 + hidden + 1); }
std::int64_t of_model(std::int64_t hidden) { return of_cell(hidden) + hidden + 1; }

// Of a checkpoint: the best and the last parameters, and two moments; names and the rest.
std::int64_t checkpoint(std::int64_t hidden, std::int64_t size = 4) {
  return 20'000 + 4 * size * of_model(hidden);
}

// A hundred updates an epoch: it is timed within the first one.
class Estimate : public testing::Test {
 protected:
  Estimate() {
    options_.tasks = {{"adding", adding("400", "40", "40")}};
    options_.cells = {{"rnn_tanh", 4}};
    options_.train.batch = options_.train.shard = 4;
    options_.train.optimiser.rule = "adam";
    options_.train.epochs = 10;
  }
  static TaskOptions adding(const char* train, const char* valid, const char* test) {
    TaskOptions options(find_task("adding").options);
    options.set("lag", "12");
    options.set("examples", train);
    options.set("valid", valid);
    options.set("test", test);
    return options;
  }
  StudyEstimate estimate(int threads = 1) {
    StudyListener listener;
    listener.begins = [this] { ++begins_; };
    return estimate_study(options_, registry_, {"no-folder", {}, threads, "", false}, stop_,
                          listener);
  }
  // The least of several: other work on the machine only adds to it.
  double seconds(int threads = 1) {
    double least = estimate(threads).seconds;
    for (int k = 0; k < 2; ++k) least = std::min(least, estimate(threads).seconds);
    return least;
  }

  CellRegistry registry_ = catalogue();
  StudyOptions options_;
  std::atomic<bool> stop_{false};
  int begins_ = 0;
};

TEST_F(Estimate, HasTheSizesOfEveryTrial) {
  options_.seeds = {1, 2, 3};
  options_.cells = {{"rnn_tanh", 4}, {"rnn_tanh", 7}};
  const StudyEstimate found = estimate();
  EXPECT_EQ(begins_, 1);
  ASSERT_EQ(found.trials.size(), 6u);
  EXPECT_EQ(found.trials[3].id, "rnn_tanh-h7-s1");
  EXPECT_EQ(found.timed, 2) << "seeds take the same time";
  EXPECT_THAT(found.parameters,
              ElementsAre(of_cell(4), of_cell(4), of_cell(4), of_cell(7), of_cell(7), of_cell(7)));
  EXPECT_EQ(found.bytes, 3 * checkpoint(4) + 3 * checkpoint(7));
  EXPECT_FALSE(std::filesystem::exists("no-folder"));
}

TEST_F(Estimate, OfDoublesTakesTwiceTheBytes) {
  options_.train.precision = "double";
  EXPECT_EQ(estimate().bytes, checkpoint(4, 8));
}

TEST_F(Estimate, ASeedThatWaitsIsReckonedAsTheLastDraw) {
  options_.seeds = {1, 2, 3};
  options_.search.draws = 4;
  options_.search.space = {{"hidden", "integer", {"2", "9"}}};
  const StudyEstimate found = estimate();
  ASSERT_EQ(found.trials.size(), 4u + 2u);
  std::set<int> sizes;
  std::int64_t bytes = 0;
  std::vector<std::int64_t> parameters;
  for (std::size_t k = 0; k < 4; ++k) {
    const int hidden = found.trials[k].record.hidden;
    sizes.insert(hidden);
    bytes += checkpoint(hidden);
    parameters.push_back(of_cell(hidden));
  }
  ASSERT_GT(sizes.size(), 1u);
  parameters.insert(parameters.end(), {0, 0});  // their size is not chosen yet
  EXPECT_EQ(found.parameters, parameters);
  EXPECT_EQ(found.bytes, bytes + 2 * checkpoint(found.trials[3].record.hidden));
  EXPECT_EQ(found.timed, std::ssize(sizes));
}

// Trials of other data, settings or batches are of another kind; those of another rate are not.
TEST_F(Estimate, OneOfEachKindIsTimed) {
  options_.search.draws = 5;
  options_.seeds = {1, 2};
  EXPECT_EQ(estimate().timed, 1);
  options_.search.space = {{"train.batch", "choice", {"4", "8"}},
                           {"train.learning_rate", "uniform", {"0.1", "0.2"}}};
  EXPECT_EQ(estimate().timed, 2);
  options_.search = {};
  options_.grid = {{"model.depth", {"1", "2", "3"}}};
  EXPECT_EQ(estimate().timed, 3);
  options_.grid.clear();
  options_.tasks.push_back({"adding", adding("300", "20", "20")});
  options_.tasks.back().options.set("lag", "20");
  EXPECT_EQ(estimate().timed, 2);
}

// Of each split in turn there are a thousand times more examples than in the others.
TEST_F(Estimate, SecondsAreThoseOfTheLargeSplit) {
  options_.train.epochs = 1;
  const auto of = [&](const char* train, const char* valid, const char* test) {
    options_.tasks = {{"adding", adding(train, valid, test)}};
    return seconds();
  };
  const double small = of("40", "40", "40");
  EXPECT_GT(small, 0.0);
  EXPECT_GT(of("40000", "40", "40"), 15.0 * small);
  EXPECT_GT(of("40", "40000", "40"), 15.0 * small);
  EXPECT_GT(of("40", "40", "40000"), 15.0 * small);
}

TEST_F(Estimate, SecondsGrowWithTheEpochs) {
  const double ten = seconds();
  options_.train.epochs = 10'000;
  EXPECT_GT(seconds(), 100.0 * ten);
}

// After the first updates at least five of four terms each are timed, and no more than there were
// in all the time that the estimate took.
TEST_F(Estimate, ATermTakesNoLongerThanTheEstimateDid) {
  const auto begun = std::chrono::steady_clock::now();
  const double found = estimate().seconds;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(found, took.count() / 20.0 * terms_to_train(options_, false, {400, 40, 40}));
}

// The only update of an epoch is timed as a whole.
TEST_F(Estimate, AnEpochOfOneUpdateIsTimedToo) {
  options_.tasks = {{"adding", adding("4", "4", "4")}};
  const auto begun = std::chrono::steady_clock::now();
  const StudyEstimate found = estimate();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  EXPECT_GT(found.seconds, 0.0);
  EXPECT_LE(found.seconds, took.count() / 4.0 * terms_to_train(options_, false, {4, 4, 4}));
  EXPECT_EQ(found.bytes, checkpoint(4) + 8 * 6 * options_.train.epochs)
      << "and points of the curve with two figures: all epochs are short enough to be timed";
}

// Two trials can't be shared by more than two threads.
TEST_F(Estimate, NoMoreThreadsShareTheTimeThanThereAreTrials) {
  options_.seeds = {1, 2};
  EXPECT_LT(seconds(1), 10.0 * seconds(64));
}

TEST_F(Estimate, ItEndsWhereItIsStopped) {
  stop_ = true;
  EXPECT_THROW(estimate(), Interrupted);
}

}  // namespace
}  // namespace carousel
