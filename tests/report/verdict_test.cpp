// What the page says first: the order of the cells in words, and what is told apart.

#include "report/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/page.hpp"
#include "report/sample.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

void add_cell(StudyResults& results, const std::string& cell, const std::vector<double>& tests,
              const std::string& dataset = "tunes") {
  for (std::size_t k = 0; k < tests.size(); ++k) {
    results.trials.push_back(finished_trial(cell, k + 1, tests[k]));
    results.trials.back().dataset = dataset;
  }
}

// gru 8.0, lstm a little above it, rnn far above with differences of 1.1, 1.2, 1.3.
StudyResults three_cells() {
  StudyResults results = study_on({"tunes"});
  add_cell(results, "rnn", {9.0, 9.2, 9.4});
  add_cell(results, "gru", {7.9, 8.0, 8.1});
  add_cell(results, "lstm", {8.1, 7.95, 8.1});
  return results;
}

TEST(Verdict, NamesTheBestAndWhatItIsToldApartFrom) {
  StudyResults results = three_cells();
  results.problems[0].baselines = {baseline_of("unigrams", 12.5), baseline_of("chain", 8.25),
                                   baseline_of("unknown", not_known)};
  results.published = {published_nll("Paper A", "tunes", "gru", 7.0, 8.5),
                       published_nll("Paper B", "tunes", "rnn", 7.0, 9.5)};
  const auto all = verdicts(results);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].headline, "gru is best on tunes: NLL 8.000 ± 0.248 nats per step.");
  // gru - lstm: -0.2, 0.05, 0: t = 0.655; two-sided p 0.58. rnn - gru: t = 20.785, p 0.0023, times
  // three pairs.
  EXPECT_THAT(
      all[0].lines,
      ElementsAre("Not told apart from lstm (p = 0.580).",
                  "Better than rnn by 1.200 [0.952, 1.448].",
                  "In order: gru 8.000, lstm 8.050 and rnn 9.200.", "Of 3 pairs 2 are told apart.",
                  "The best baseline, chain, has 8.250: gru is better by 0.250.",
                  "Published for gru: 8.500 (Paper A)."));
}

TEST(Verdict, FollowsTheDirectionOfTheMetric) {
  StudyResults results = three_cells();
  MetricInfo& metric = results.problems[0].metrics[0];
  metric.better = Better::higher;
  metric.unit = "";
  metric.decimals = 2;
  results.problems[0].baselines = {baseline_of("guess", 9.5), baseline_of("low", 1.0)};
  const auto all = verdicts(results);
  EXPECT_EQ(all[0].headline, "rnn is best on tunes: NLL 9.20 ± 0.50.");
  EXPECT_THAT(
      all[0].lines,
      ElementsAre("Better than lstm by 1.15 [0.61, 1.69] and gru by 1.20 [0.95, 1.45].",
                  "In order: rnn 9.20, lstm 8.05 and gru 8.00.", "Of 3 pairs 2 are told apart.",
                  "The best baseline, guess, has 9.50: rnn is worse by 0.30."));
}

// Differences of 0.2, 0.3 and 0.35: t = 6.42, p = 0.023, times three pairs; of rnn and gru p =
// 0.256, times two.
TEST(Verdict, GoesByThePThatIsCorrectedForAllPairs) {
  StudyResults results = study_on({"tunes"});
  add_cell(results, "gru", {8.0, 8.1, 8.2});
  add_cell(results, "lstm", {8.2, 8.4, 8.55});
  add_cell(results, "rnn", {9.0, 12.0, 8.5});
  EXPECT_EQ(verdicts(results)[0].headline,
            "gru is ahead on tunes: NLL 8.100 ± 0.248 nats per step.");
  EXPECT_EQ(verdicts(results)[0].lines[0],
            "Not told apart from lstm (p = 0.070) and rnn (p = 0.513).");
}

// The mean of all seeds puts b first; on the two seeds that a finished too, it is the worse one.
TEST(Verdict, AWorseFirstCellIsCalledWorse) {
  StudyResults results = study_on({"tunes"});
  add_cell(results, "a", {8.0, 8.1, 9.9});
  add_cell(results, "b", {8.5, 8.602, 2.0});
  results.trials[2].status = "diverged";
  const auto all = verdicts(results);
  EXPECT_EQ(all[0].headline, "b is ahead on tunes: NLL 6.367 ± 9.396 nats per step.");
  EXPECT_THAT(all[0].lines, ElementsAre("Worse, on the seeds that finished in both, than a by "
                                        "0.501 [0.488, 0.514]."));
}

TEST(Verdict, WithoutStatisticsSaysSo) {
  StudyResults results = study_on({"tunes"});
  add_cell(results, "gru", {8.0});
  EXPECT_EQ(verdicts(results)[0].headline,
            "gru is the only cell on tunes: NLL 8.000 nats per step.");
  EXPECT_THAT(verdicts(results)[0].lines,
              ElementsAre("Nothing to compare it with; one seed gives no interval."));
  add_cell(results, "lstm", {7.5});
  EXPECT_EQ(verdicts(results)[0].headline, "lstm is ahead on tunes: NLL 7.500 nats per step.");
  EXPECT_THAT(verdicts(results)[0].lines,
              ElementsAre("There is no test: that takes two seeds that finished in both cells."));
  StudyResults alone = study_on({"tunes"});
  add_cell(alone, "gru", {8.0, 8.5});
  EXPECT_THAT(verdicts(alone)[0].lines, ElementsAre("Nothing to compare it with; 2 seeds."));
  EXPECT_THAT(verdicts(study_on({"tunes"})), IsEmpty());
}

TEST(Verdict, CellsThatHaveNoFigureAreNamed) {
  StudyResults results = three_cells();
  for (std::size_t k = 6; k < 9; ++k) results.trials[k].status = "diverged";
  results.trials[1].status = results.trials[2].status = "running";
  auto all = verdicts(results);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].headline, "Preliminary: 2 of 9 trials have not ended.");
  EXPECT_EQ(all[1].headline, "gru is ahead on tunes: NLL 8.000 ± 0.248 nats per step.");
  EXPECT_THAT(all[1].lines,
              ElementsAre("There is no test: that takes two seeds that finished in both cells.",
                          "Without a figure: lstm (3 seeds diverged)."));
  results.trials[0].status = "waiting";
  all = verdicts(results);
  EXPECT_EQ(all[1].headline,
            "gru is the only cell with a figure on tunes: NLL 8.000 ± 0.248 nats per step.");
  EXPECT_THAT(all[1].lines, ElementsAre("Nothing to compare it with; 3 seeds.",
                                        "Without a figure: rnn (not finished) and lstm (3 seeds "
                                        "diverged)."));
  for (TrialRecord& trial : results.trials) trial.status = "diverged";
  EXPECT_EQ(verdicts(results)[0].headline, "No cell has a figure on tunes.");
}

// Twelve cells in steps of one, given from the worst to the best.
TEST(Verdict, OfManyCellsNamesSomeAndCountsTheOthers) {
  StudyResults results = study_on({"tunes"});
  for (int k = 11; k >= 0; --k) {
    add_cell(results, "c" + std::to_string(k), {1.0 + k, 1.0001 + k, 1.0003 + 1.0001 * k});
  }
  const auto all = verdicts(results);
  ASSERT_THAT(all[0].lines, SizeIs(3));
  EXPECT_THAT(all[0].lines[0], testing::MatchesRegex(
                                   "Better than c1 by 1.000 .*, c2 by 2.000 .*, c3 by 3.000 .*, c4 "
                                   "by 4.000 .*, c5 by 5.000 [^,]*, [^,]* and 6 others\\."));
  EXPECT_EQ(all[0].lines[1],
            "In order: c0 1.000, c1 2.000, c2 3.000, c3 4.000, c4 5.000 and 7 others, the last of "
            "them c11 12.001.");
  EXPECT_EQ(all[0].lines[2], "Of 66 pairs 66 are told apart.");
}

// Changes with effects of about +1, +2, -1, 0 and none.
StudyResults an_ablation() {
  StudyResults results = study_on({"tunes"});
  const auto add = [&](const char* change, const std::vector<double>& tests) {
    add_cell(results, "lstm", tests);
    for (std::size_t k = results.trials.size() - 3; k < results.trials.size(); ++k) {
      results.trials[k].variant = change;
    }
  };
  add("", {8.0, 8.1, 8.3});
  add("NP", {8.01, 8.08, 8.32});
  add("NFG", {9.0, 9.12, 9.27});
  add("NOG", {10.0, 10.12, 10.27});
  add("CIFG", {7.0, 7.12, 7.27});
  add("FGR", {6.0, 6.12, 6.27});
  add("NIG", {8.0, 8.1, 8.3});
  for (std::size_t k = 18; k < 21; ++k) results.trials[k].status = "diverged";
  return results;
}

TEST(Verdict, OfAnAblationSaysWhichChangesHurtAndWhichHelp) {
  StudyResults results = an_ablation();
  auto all = verdicts(results);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].headline,
            "Of 6 changes of lstm on tunes: 2 hurt, 2 help, 1 is not told apart and 1 not tested.");
  EXPECT_THAT(all[0].lines,
              ElementsAre("Hurt: NOG +1.997 [+1.934, +2.059] and NFG +0.997 [+0.934, +1.059].",
                          "Help: FGR -2.003 [-2.066, -1.941] and CIFG -1.003 [-1.066, -0.941].",
                          "Not told apart from the cell as it is: NP (p = 0.808).",
                          "Not tested, since that takes two seeds that finished in both: NIG (3 "
                          "seeds diverged).",
                          "As it is: NLL 8.133 ± 0.379 nats per step."));
  results.problems[0].metrics[0].better = Better::higher;
  all = verdicts(results);
  EXPECT_EQ(all[0].lines[0], "Hurt: FGR -2.003 [-2.066, -1.941] and CIFG -1.003 [-1.066, -0.941].");
}

TEST(Verdict, ACellBesideAnAblationIsRankedWithTheCellAsItIs) {
  StudyResults results = an_ablation();
  add_cell(results, "gru", {5.0, 5.1, 5.3});
  const auto all = verdicts(results);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].headline, "gru is best on tunes: NLL 5.133 ± 0.379 nats per step.");
  EXPECT_THAT(all[0].lines, ElementsAre("Better than lstm by 3.000 [3.000, 3.000]."));
}

TEST(Verdict, SeveralDataSetsHaveOneEachAndOneTogether) {
  StudyResults results = study_on({"songs", "tunes"});
  for (const char* set : {"songs", "tunes"}) {
    add_cell(results, "lstm", {9.0, 9.1, 9.2}, set);
    add_cell(results, "gru", {8.0, 8.1, 8.3}, set);
    add_cell(results, "rnn", {8.05, 8.1, 8.2}, set);
  }
  const auto all = verdicts(results);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_THAT(all[0].headline, testing::StartsWith("rnn is best on songs: NLL 8.117"));
  EXPECT_THAT(all[1].headline, testing::StartsWith("rnn is best on tunes: NLL 8.117"));
  // Of nine pairs of seeds gru is better in four and as good in one: 0.5 for rnn.
  EXPECT_EQ(all[2].headline, "Over 2 data sets together gru is ahead.");
  EXPECT_EQ(all[2].lines.at(0),
            "Probability that a seed of it is better than one of lstm 1.00 [1.00, 1.00].");
  EXPECT_THAT(all[2].lines.at(1), testing::StartsWith("Not told apart from rnn 0.50 ["));
}

TEST(Verdict, IsTheFirstThingOnThePage) {
  const std::string page = report_page(three_cells());
  const std::size_t at = page.find("<p class=\"headline\">gru is best on tunes");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(page.find("<h2>"), page.rfind("<h2>", at)) << "nothing stands in front of it";
  EXPECT_TRUE(holds(page, "<li>Not told apart from lstm (p = 0.580).</li>"));
}

}  // namespace
}  // namespace carousel
