// Scores of cells beside the first cells of a search.

#include "search/scores.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tensor/error.hpp"

namespace carousel {
namespace {

StudyProblem problem(const std::string& name, Better better, std::vector<double> baselines) {
  StudyProblem made;
  made.name = name;
  MetricInfo metric;
  metric.name = "m";
  metric.better = better;
  made.metrics = {metric};
  for (const double figure : baselines) {
    Baseline baseline;
    baseline.figures["m"][Split::valid] = figure;
    baseline.figures["m"][Split::test] = -99.0;
    made.baselines.push_back(baseline);
  }
  return made;
}

TrialRecord trial(const std::string& task, const std::string& cell, double valid) {
  TrialRecord record;
  record.dataset = task;
  record.cell = cell;
  record.metrics = {"m"};
  record.selected = true;
  record.status = "done";
  record.figures["m"][Split::valid] = valid;
  record.figures["m"][Split::test] = 1000.0 * valid;
  return record;
}

// Nats that may be negative, and a share of which more is better.
StudyResults two_tasks() {
  StudyResults results;
  results.problems = {problem("nats", Better::lower, {3.0, 5.0, not_known}),
                      problem("share", Better::higher, {0.5})};
  results.trials = {trial("nats", "a", -1.0), trial("nats", "a", 1.0), trial("nats", "b", 2.0),
                    trial("share", "a", 0.6), trial("share", "b", 0.75)};
  return results;
}

TEST(Scores, AreSharesOfWhatTheBestFirstCellGains) {
  const auto scales = scales_of(two_tasks(), "full");
  ASSERT_EQ(scales.size(), 2u);
  EXPECT_EQ(scales[0].baseline, 5.0) << "the weakest one";
  EXPECT_EQ(scales[0].best_first, 0.0) << "the mean of two seeds";
  EXPECT_DOUBLE_EQ(scales[0].score(-1.0), 1.2);
  EXPECT_DOUBLE_EQ(scales[0].score(5.0), 0.0);
  EXPECT_EQ(scales[1].best_first, 0.75);
  EXPECT_DOUBLE_EQ(scales[1].score(0.625), 0.5);
}

TEST(Scores, AreTheWorstOverTheTasks) {
  const auto scales = scales_of(two_tasks(), "full");
  const auto figures = figures_by_cell(two_tasks());
  EXPECT_DOUBLE_EQ(score_of(figures.at("a"), scales), (0.6 - 0.5) / 0.25);
  EXPECT_DOUBLE_EQ(score_of(figures.at("b"), scales), 0.6);
  EXPECT_TRUE(std::isnan(score_of({not_known, 0.75}, scales)));
}

TEST(Scores, KnowNoFigureOfACellOfWhichASeedDiverged) {
  StudyResults results = two_tasks();
  results.trials[1].status = "diverged";
  EXPECT_TRUE(std::isnan(figures_by_cell(results).at("a")[0]));
  EXPECT_EQ(figures_by_cell(results).at("a")[1], 0.6);
  EXPECT_EQ(scales_of(results, "full")[0].best_first, 2.0) << "of those that are sound";
}

TEST(Scores, LeaveOutDrawsThatWereNotChosen) {
  StudyResults results = two_tasks();
  results.trials.push_back(trial("share", "b", 100.0));
  results.trials.back().selected = false;
  EXPECT_EQ(figures_by_cell(results).at("b")[1], 0.75);
}

TEST(Scores, NeedAFirstCellThatIsBetterThanTheWeakestBaseline) {
  StudyResults results = two_tasks();
  results.problems[1].baselines[0].figures["m"][Split::valid] = 0.75;
  try {
    scales_of(results, "full");
    FAIL() << "expected an error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(testing::HasSubstr("stage full, share"),
                                    testing::HasSubstr("stages.full.study.train.epochs")));
  }
}

}  // namespace
}  // namespace carousel
