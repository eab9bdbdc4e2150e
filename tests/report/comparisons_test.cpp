// Rows of a study that searches, and what is said about pairs of cells.

#include "report/comparisons.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report/sample.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As most tests take them: with the summary's rows.
std::vector<Comparison> comparisons_of(const StudyResults& results) {
  return comparisons(results, summarise(results));
}
PooledResults pooled_of(const StudyResults& results) {
  return pooled_results(results, summarise(results));
}

TrialRecord draw_of(int draw, double rate, double valid_nll, bool selected) {
  TrialRecord trial = finished_trial("gru", 1, selected ? valid_nll - 0.5 : not_known);
  trial.draw = draw;
  trial.learning_rate = rate;
  nll_of(trial, Split::valid) = valid_nll;
  trial.selected = selected;
  return trial;
}

// Three draws, of which one diverged, then two further seeds of the second draw's rate.
StudyResults searched() {
  StudyResults results = study_on({"tunes"});
  results.trials = {draw_of(1, 0.1, 9.5, false), draw_of(2, 0.01, 8.5, true),
                    draw_of(3, 0.5, 9.0, false), draw_of(2, 0.01, 8.7, true),
                    draw_of(2, 0.01, 8.9, true)};
  results.trials[2].status = "diverged";
  results.trials[3].seed = 2;
  results.trials[4].seed = 3;
  results.trials[3].memory = 45600000;  // not the last one
  return results;
}

TEST(SummaryOfASearch, HoldsTheSelectedTrialsAndNamesTheDraws) {
  const StudyResults results = searched();
  const auto rows = summarise(results);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_THAT(rows[0].trials, ElementsAre(1, 3, 4));
  EXPECT_THAT(rows[0].search, ElementsAre(0, 1, 2));
  EXPECT_EQ(rows[0].learning_rate, 0.01);
  EXPECT_EQ(rows[0].draws, 3);
  EXPECT_EQ(rows[0].diverged_draws, 1);
  EXPECT_EQ(rows[0].seeds, 3);
  EXPECT_EQ(rows[0].finished, 3);
  EXPECT_EQ(rows[0].diverged, 0);
  EXPECT_EQ(rows[0].memory, 45600000);
  EXPECT_NEAR(rows[0].figure("nll", Split::valid).mean, 8.7, 1e-12);
  EXPECT_NEAR(rows[0].figure("nll", Split::test).mean, 8.2, 1e-12);
  EXPECT_NEAR(rows[0].figure("nll_by_sequence", Split::test).mean, 7.95, 1e-12);
  EXPECT_THAT(rows[0].test_figures(results), ElementsAre(8.0, 8.2, testing::DoubleEq(8.4)));
  EXPECT_THAT(draws_of(rows[0], results), ElementsAre(9.5, 8.5, testing::IsNan()));
}

// A point of the grid is a competitor of its own, and the hidden sizes of draws make one row.
TEST(SummaryOfASearch, HasARowForEachPointOfTheGrid) {
  StudyResults results = study_on({"tunes"});
  for (const char* setting : {"model.depth=1", "model.depth=2"}) {
    for (int draw = 1; draw <= 2; ++draw) {
      TrialRecord trial = finished_trial("gru", 1, 7.0);
      trial.setting = setting;
      trial.draw = draw;
      trial.hidden = 10 * draw;
      trial.drawn = fmt::format("train.batch=8 hidden={}", trial.hidden);
      trial.selected = draw == 2;
      if (draw == 1) trial.status = "pruned";
      results.trials.push_back(trial);
    }
    TrialRecord waiting = finished_trial("gru", 2, 7.0);
    waiting.setting = setting;
    waiting.status = "waiting";
    waiting.selected = false;
    waiting.hidden = 0;
    results.trials.push_back(waiting);
  }
  const auto rows = summarise(results);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].label, "gru, depth=2");
  EXPECT_EQ(rows[1].hidden, 20) << "that of the chosen draw";
  EXPECT_EQ(rows[1].seeds, 2);
  EXPECT_EQ(rows[1].pruned_draws, 1);
  EXPECT_THAT(rows[1].search, ElementsAre(3, 4));
  EXPECT_THAT(rows[1].trials, ElementsAre(4));
  EXPECT_EQ(draws_of(rows[1], results).size(), 2u) << "a pruned draw counts";
}

TEST(SummaryOfASearch, ARowStaysWhenNothingIsSelected) {
  StudyResults results = searched();
  for (std::size_t k = 0; k < 5; ++k) {
    results.trials[k].selected = false;
    results.trials[k].status = k < 3 ? "diverged" : "waiting";
    if (k >= 3) {
      results.trials[k].draw = 0;
      results.trials[k].learning_rate = 0.0;
    }
  }
  const SummaryRow row = summarise(results)[0];
  EXPECT_THAT(row.trials, IsEmpty());
  EXPECT_EQ(row.learning_rate, 0.0);
  EXPECT_EQ(row.seeds, 3);
  EXPECT_EQ(row.finished, 0);
  EXPECT_EQ(row.draws, 3);
  EXPECT_EQ(row.diverged_draws, 3);
  EXPECT_TRUE(std::isnan(row.figure("nll", Split::test).mean));
  EXPECT_EQ(draws_of(row, results).size(), 3U);
}

// Seeds 1 .. 3 of three cells; the third seed of the last one diverged.
StudyResults three_cells() {
  StudyResults results = study_on({"tunes"});
  const double nll[3][3] = {{8.0, 8.2, 8.4}, {8.5, 8.6, 8.9}, {8.1, 8.3, 0.0}};
  const char* names[] = {"gru", "lstm", "rnn"};
  for (int cell = 0; cell < 3; ++cell) {
    for (int seed = 0; seed < 3; ++seed) {
      results.trials.push_back(
          finished_trial(names[cell], static_cast<std::uint64_t>(seed) + 1, nll[cell][seed]));
    }
  }
  results.trials.back().status = "diverged";
  return results;
}

// p of scipy.stats.ttest_rel, wilcoxon(mode="exact") and ttest_ind(equal_var=False).
TEST(Comparisons, PairSeedsAndCorrectForAllPairsOfASet) {
  const auto pairs = comparisons_of(three_cells());
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].first, "gru");
  EXPECT_EQ(pairs[0].second, "lstm");
  EXPECT_EQ(pairs[0].pairs, 3);
  EXPECT_NEAR(pairs[0].difference.mean, -1.4 / 3.0, 1e-12);
  EXPECT_NEAR(pairs[0].difference.low, -0.6100884243303755, 1e-9);
  EXPECT_NEAR(pairs[0].paired_t.single, 0.005063323673817934, 1e-9);
  EXPECT_NEAR(pairs[0].wilcoxon.single, 0.25, 1e-12);
  EXPECT_NEAR(pairs[0].welch.single, 0.048900347884139744, 1e-9);
  EXPECT_EQ(pairs[0].improvement.value, 1.0);
  EXPECT_EQ(pairs[1].second, "rnn");
  EXPECT_EQ(pairs[1].pairs, 2) << "a seed that diverged has no pair";
  EXPECT_NEAR(pairs[1].welch.single, 0.9999999999999916, 1e-9);
  EXPECT_NEAR(pairs[1].improvement.value, 0.5, 1e-12);
  EXPECT_NEAR(pairs[2].welch.single, 0.06027869183541031, 1e-9);
  // Three times the smallest; twice the second is less, so it takes the same; the largest as it is.
  EXPECT_NEAR(pairs[0].welch.corrected, 3.0 * 0.048900347884139744, 1e-9);
  EXPECT_EQ(pairs[2].welch.corrected, pairs[0].welch.corrected);
  EXPECT_NEAR(pairs[1].welch.corrected, 0.9999999999999916, 1e-9);
}

TEST(Comparisons, StayEmptyWhereSeedsAreMissing) {
  StudyResults results = three_cells();
  for (std::size_t k = 6; k < 9; ++k) results.trials[k].status = "diverged";
  nll_of(results.trials[0], Split::test) = not_known;
  for (const Comparison& pair : comparisons_of(results)) {
    EXPECT_EQ(pair.pairs, 0);
    EXPECT_TRUE(std::isnan(pair.welch.single));
    EXPECT_TRUE(std::isnan(pair.improvement.value));
  }
}

StudyResults two_sets() {
  StudyResults results = three_cells();
  for (TrialRecord trial : three_cells().trials) {
    trial.dataset = "songs";
    nll_of(trial, Split::test) = 12.5 - nll_of(trial, Split::test);
    results.trials.push_back(trial);
  }
  results.problems.push_back(music_problem("songs"));
  results.problems[0].baselines = {baseline_of("independent keys", 10.0)};
  results.problems[1].baselines = {baseline_of("independent keys", 5.0)};
  return results;
}

TEST(PooledResults, AreMeansOverTheSetsInUnitsOfIndependentKeys) {
  const PooledResults pooled = pooled_of(two_sets());
  EXPECT_THAT(pooled.datasets, ElementsAre("tunes", "songs"));
  ASSERT_EQ(pooled.cells.size(), 3U);
  EXPECT_EQ(pooled.cells[0].label, "gru");
  // 0.80 0.82 0.84 and 0.90 0.86 0.82: without the lowest and the highest, the mean of four.
  EXPECT_NEAR(pooled.cells[0].relative.value, (0.82 + 0.84 + 0.86 + 0.82) / 4.0, 1e-12);
  EXPECT_LT(pooled.cells[0].relative.low, pooled.cells[0].relative.value);
  ASSERT_EQ(pooled.pairs.size(), 3U);
  // Better in all pairs of one set and in none of the other.
  EXPECT_NEAR(pooled.pairs[0].improvement.value, 0.5, 1e-12);
}

TEST(PooledResults, TakeOnlySetsThatEveryCellFinishedOn) {
  StudyResults results = two_sets();
  results.problems[1].baselines.clear();
  EXPECT_THAT(pooled_of(results).cells, IsEmpty());
  EXPECT_EQ(pooled_of(results).pairs.size(), 3U);
  for (TrialRecord& trial : results.trials) {
    if (trial.dataset == "songs" && trial.cell == "rnn") trial.status = "running";
  }
  EXPECT_THAT(pooled_of(results).pairs, IsEmpty());
  EXPECT_THAT(pooled_of(results).datasets, ElementsAre("tunes"));
}

TEST(PooledResults, TheFirstBaselineIsTheUnit) {
  StudyResults results = two_sets();
  for (StudyProblem& problem : results.problems) {
    problem.baselines.push_back(baseline_of("another", 1.0));
  }
  EXPECT_NEAR(pooled_of(results).cells[0].relative.value, (0.82 + 0.84 + 0.86 + 0.82) / 4.0, 1e-12);
}

TEST(Comparisons, PairOnlySeedsThatFinishedInBoth) {
  for (const std::size_t lost : {1U, 4U}) {  // seed 2 of the first cell, and of the second
    StudyResults results = three_cells();
    results.trials[lost].status = "running";
    const Comparison pair = comparisons_of(results)[0];
    EXPECT_EQ(pair.pairs, 2) << lost;
    EXPECT_NEAR(pair.difference.mean, ((8.0 - 8.5) + (8.4 - 8.9)) / 2.0, 1e-12);
  }
}

TEST(Comparisons, AreOfOneDataSetEach) {
  const auto pairs = comparisons_of(two_sets());
  ASSERT_EQ(pairs.size(), 6U);
  for (std::size_t k = 0; k < 6; ++k) EXPECT_EQ(pairs[k].dataset, k < 3 ? "tunes" : "songs");
}

TEST(PValues, OfNoTestAreADash) {
  EXPECT_EQ(format_p(PValue{}), "-");
  EXPECT_EQ(format_p(PValue{0.01, 0.03}), "0.010 (0.030)");
  EXPECT_TRUE(is_told_apart({0.01, 0.049}));
  EXPECT_FALSE(is_told_apart({0.01, 0.05}));
  EXPECT_FALSE(is_told_apart({}));
}

// Before a trial is chosen the row shows the sizes of the first one; then those of the chosen.
TEST(SummaryOfASearch, SizesAreThoseOfTheChosenTrial) {
  StudyResults results = searched();
  for (std::size_t k = 0; k < results.trials.size(); ++k) {
    TrialRecord& trial = results.trials[k];
    trial.drawn = "hidden=" + std::to_string(10 + k);
    trial.hidden = 10 + static_cast<int>(k);
    trial.parameters = 1000 + static_cast<std::int64_t>(k);
    trial.cell_parameters = 100 + static_cast<std::int64_t>(k);
  }
  SummaryRow row = summarise(results)[0];
  EXPECT_EQ(row.hidden, 11);
  EXPECT_EQ(row.parameters, 1001);
  EXPECT_EQ(row.cell_parameters, 101);
  for (TrialRecord& trial : results.trials) trial.selected = false;
  row = summarise(results)[0];
  EXPECT_EQ(row.parameters, 1000);
  EXPECT_EQ(row.cell_parameters, 100);
}

// What a diverged trial took is no measure of the cell.
TEST(SummaryOfASearch, MemoryIsThatOfFinishedTrials) {
  StudyResults results = searched();
  results.trials[4].status = "diverged";
  results.trials[4].memory = 99000000;
  EXPECT_EQ(summarise(results)[0].memory, 45600000);
}

TEST(Summary, WithoutASearchEveryTrialCounts) {
  StudyResults results = three_cells();
  results.trials[1].selected = false;
  EXPECT_THAT(summarise(results)[0].trials, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace carousel
