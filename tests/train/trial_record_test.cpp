// A trial's record: it reads back as it was, and what is at odds is refused.

#include "train/trial_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Every field has a value of its own.
TrialRecord full_record() {
  TrialRecord r;
  r.cell = "lstm";
  r.variant = "NIG";
  r.task = "adding";
  r.dataset = "adding lag=30";
  r.hidden = 11;
  r.parameters = 1201;
  r.cell_parameters = 1101;
  r.setting = "model.depth=2";
  r.seed = 13;
  r.draw = 3;
  r.drawn = "train.learning_rate=0.25";
  r.learning_rate = 0.25;
  r.selected = true;
  r.status = "running";
  r.epochs = 2;
  r.best_epoch = 1;
  r.updates_to_goal = 17.0;
  r.idle = "layers/0/forward/W_f output/b";
  r.overflows = 5;
  r.seconds = 2.5;
  r.memory = 1 << 20;
  r.metrics = {"error", "success"};
  r.loss = "success";
  r.figures["error"] = {{0.5, 0.25, 0.125}};
  r.figures["success"] = {{0.75, 0.875, not_known}};
  r.curve = {{1, 10, 1.25, 3.5, {0.25, 0.875}}, {2, 20, 2.25, 3.25, {0.375, 0.75}}};
  return r;
}

Archive archive_of(const TrialRecord& record) {
  Archive archive;
  save_record(record, archive);
  return archive;
}

std::map<std::string, std::string> fields_of(const TrialRecord& record) {
  std::map<std::string, std::string> texts;
  visit_trial_fields(
      record, [&](const char* name, const auto& value) { texts[name] = fmt::format("{}", value); });
  return texts;
}

TEST(TrialRecord, ReadsBackAsItWas) {
  const TrialRecord r = full_record(), read = load_record(archive_of(r));
  EXPECT_EQ(fields_of(read), fields_of(r));
  EXPECT_EQ(fields_of(read).size(), 21u);
  EXPECT_THAT(read.metrics, ElementsAre("error", "success"));
  EXPECT_EQ(read.loss, "success");
  EXPECT_EQ(read.figures.size(), 2u);
  EXPECT_EQ(read.figure("error", Split::train), 0.5);
  EXPECT_EQ(read.figure("error", Split::valid), 0.25);
  EXPECT_EQ(read.figure("error", Split::test), 0.125);
  EXPECT_EQ(read.figure("success", Split::train), 0.75);
  EXPECT_EQ(read.figure("success", Split::valid), 0.875);
  EXPECT_TRUE(std::isnan(read.figure("success", Split::test)));
  ASSERT_EQ(read.curve.size(), 2u);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(read.curve[k].epoch, r.curve[k].epoch);
    EXPECT_EQ(read.curve[k].updates, r.curve[k].updates);
    EXPECT_EQ(read.curve[k].seconds, r.curve[k].seconds);
    EXPECT_EQ(read.curve[k].train, r.curve[k].train);
    EXPECT_EQ(read.curve[k].valid, r.curve[k].valid);
  }
}

TEST(TrialRecord, OneThatHasNotBegunReadsBackToo) {
  TrialRecord r;
  r.status = "waiting";
  const TrialRecord read = load_record(archive_of(r));
  EXPECT_EQ(fields_of(read), fields_of(r));
  EXPECT_TRUE(read.metrics.empty());
  EXPECT_TRUE(read.curve.empty());
  EXPECT_TRUE(std::isnan(read.chosen_by()));
}

TEST(TrialRecord, IsChosenByItsFirstMetricOnValidation) {
  EXPECT_EQ(full_record().chosen_by(), 0.25);
  EXPECT_EQ(full_record().name(), "lstm+NIG");
}

TEST(TrialRecord, WhatIsOutOfRangeOrAtOddsIsRefused) {
  const Archive whole = archive_of(full_record());
  const auto error = [&](const std::function<void(Archive&)>& change) {
    Archive archive = whole;
    change(archive);
    return error_of<InputError>([&] { load_record(archive); });
  };
  const auto counter = [&](const char* name, std::int64_t value) {
    return error([&](Archive& a) { a.counters[name] = value; });
  };
  EXPECT_EQ(error([](Archive&) {}), "nothing was thrown");
  EXPECT_EQ(counter("epochs", -1), "epochs is -1, expected 0 to 2147483647");
  EXPECT_EQ(counter("hidden", std::int64_t{1} << 31),
            "hidden is 2147483648, expected 0 to 2147483647");
  EXPECT_EQ(counter("seed", -1), "seed is -1, expected 0 to 18446744073709551615");
  EXPECT_EQ(counter("selected", 2), "selected is 2, expected 0 or 1");
  EXPECT_EQ(counter("selected", -1), "selected is -1, expected 0 or 1");
  EXPECT_EQ(counter("selected", 0), "nothing was thrown");
  EXPECT_EQ(counter("memory", 0), "nothing was thrown");
  EXPECT_EQ(counter("epochs", 3), "there are 3 epochs, but 2 points of the curve");
  EXPECT_EQ(counter("best_epoch", 3), "the best epoch is 3, of 2");
  EXPECT_EQ(counter("best_epoch", 0), "the best epoch is 0, of 2");
  EXPECT_EQ(counter("best_epoch", 2), "nothing was thrown");
  EXPECT_EQ(counter("metrics", -1), "there are -1 metrics");
  EXPECT_EQ(counter("metrics", 101), "there are 101 metrics");
  EXPECT_EQ(error([](Archive& a) { a.texts["status"] = "ended"; }),
            "the status is 'ended', expected waiting, running, done, diverged, pruned, skipped");
  for (const char* status : {"waiting", "running", "done", "diverged", "pruned", "skipped"}) {
    EXPECT_EQ(error([&](Archive& a) { a.texts["status"] = status; }), "nothing was thrown");
  }
}

TEST(TrialRecord, HasAsManyMetricsAsTheyAreUpToAHundred) {
  TrialRecord r;
  r.status = "waiting";
  for (int k = 0; k < 100; ++k) r.metrics.push_back(fmt::format("m{}", k));
  EXPECT_EQ(load_record(archive_of(r)).metrics, r.metrics);
}

TEST(TrialRecord, ACurveIsARowAnEpochWithAColumnAMetric) {
  const Archive whole = archive_of(full_record());
  EXPECT_EQ(whole.doubles.at("curve").shape(), (Shape{2, 6}));
  const auto error = [&](const Tensor<double>& curve) {
    Archive archive = whole;
    archive.doubles["curve"] = curve;
    return error_of<InputError>([&] { load_record(archive); });
  };
  EXPECT_THAT(error(Tensor<double>::zeros({2, 5})),
              HasSubstr("has shape [2, 5], expected [epochs, 6]"));
  EXPECT_THAT(error(Tensor<double>::zeros({12})), HasSubstr("has shape [12], expected"));
  Tensor<double> curve = whole.doubles.at("curve").clone();
  curve.data()[6] = 3.0;
  EXPECT_EQ(error(curve), "row 2 of the curve is of epoch 3");
  curve.data()[0] = 0.0;
  EXPECT_EQ(error(curve), "row 1 of the curve is of epoch 0");
}

TEST(TrialRecord, WasTrainedWhereItIsDoneOrOnlyItsTestFiguresAreNone) {
  TrialRecord r = full_record();
  EXPECT_FALSE(was_trained(r)) << "running";
  r.status = "done";
  EXPECT_TRUE(was_trained(r));
  r.status = "diverged";
  EXPECT_TRUE(was_trained(r));
  r.figures["error"][Split::train] = not_known;
  EXPECT_FALSE(was_trained(r)) << "though the other metric has a figure";
  r.status = "pruned";
  r.figures["error"][Split::train] = 1.0;
  EXPECT_FALSE(was_trained(r));
}

TEST(SameTrial, EveryPartOfTheIdentityCounts) {
  const TrialRecord planned = full_record();
  const auto error = [&](const std::function<void(TrialRecord&)>& change) {
    TrialRecord saved = planned;
    change(saved);
    return error_of<InputError>([&] { expect_same_trial(planned, saved); });
  };
  EXPECT_EQ(error([](TrialRecord&) {}), "nothing was thrown");
  EXPECT_EQ(error([](TrialRecord& r) { r.status = "done"; }), "nothing was thrown");
  const auto other = [](const std::string& what) { return "it is of another trial: " + what; };
  EXPECT_EQ(error([](TrialRecord& r) { r.cell = "gru"; }), other("cell is gru, expected lstm"));
  EXPECT_EQ(error([](TrialRecord& r) { r.variant = ""; }), other("variant is , expected NIG"));
  EXPECT_EQ(error([](TrialRecord& r) { r.task = "latch"; }),
            other("task is latch, expected adding"));
  EXPECT_EQ(error([](TrialRecord& r) { r.dataset = "b"; }),
            other("dataset is b, expected adding lag=30"));
  EXPECT_EQ(error([](TrialRecord& r) { r.hidden = 12; }), other("hidden is 12, expected 11"));
  EXPECT_EQ(error([](TrialRecord& r) { r.setting = ""; }),
            other("setting is , expected model.depth=2"));
  EXPECT_EQ(error([](TrialRecord& r) { r.seed = 1; }), other("seed is 1, expected 13"));
  EXPECT_EQ(error([](TrialRecord& r) { r.draw = 1; }), other("draw is 1, expected 3"));
  EXPECT_EQ(error([](TrialRecord& r) { r.drawn = "x"; }),
            other("drawn is x, expected train.learning_rate=0.25"));
  EXPECT_EQ(error([](TrialRecord& r) { r.learning_rate = 0.5; }),
            other("learning_rate is 0.5, expected 0.25"));
  EXPECT_EQ(error([](TrialRecord& r) { r.metrics = {"error"}; }),
            "its figures are error, expected error, success");
  EXPECT_THAT(error([](TrialRecord& r) { r.loss = "error"; }), HasSubstr("its figures are"));
}

// One that waits for a search has whatever the draw sets, and nothing else.
TEST(SameTrial, OneThatWaitedHasWhatWasDrawn) {
  TrialRecord planned = full_record();
  planned.draw = 0;
  planned.drawn = "";
  planned.learning_rate = 0.0;
  EXPECT_NO_THROW(expect_same_trial(planned, full_record()));
  TrialRecord saved = full_record();
  saved.hidden = 12;
  EXPECT_THAT(error_of<InputError>([&] { expect_same_trial(planned, saved); }),
              HasSubstr("hidden is 12, expected 11"))
      << "this size was given, not drawn";
  planned.hidden = 0;
  EXPECT_NO_THROW(expect_same_trial(planned, saved));
  saved.seed = 14;
  EXPECT_THAT(error_of<InputError>([&] { expect_same_trial(planned, saved); }),
              HasSubstr("seed is 14, expected 13"));
}

}  // namespace
}  // namespace carousel
