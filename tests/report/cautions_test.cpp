#include "report/cautions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lines.hpp"
#include "report/page.hpp"
#include "report/table.hpp"
#include "sample.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

StudyResults three_seeds(const std::string& cell = "gru") {
  StudyResults results = study_on({"tunes"});
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    results.trials.push_back(finished_trial(cell, seed, 8.0 + 0.1 * static_cast<double>(seed)));
  }
  return results;
}

TEST(Cautions, AreNoneWhereAllIsWell) {
  StudyResults results = three_seeds();
  results.problems[0].baselines = {baseline_of("chain", 8.3), baseline_of("unknown", not_known)};
  EXPECT_THAT(cautions_of(results), IsEmpty());
  EXPECT_FALSE(holds(report_page(results), "<h2>Cautions"));
  EXPECT_THAT(cautions_of(StudyResults()), IsEmpty());
}

TEST(Cautions, TellOfChangesAndDivergedSeeds) {
  StudyResults results = three_seeds();
  results.provenance.accepted = {"isa: 'avx2' in the run, 'avx512' now", "threads"};
  results.trials.push_back(finished_trial("gru", 4, 1.0));
  results.trials.back().status = "diverged";
  EXPECT_THAT(
      cautions_of(results),
      ElementsAre("The run was gone on with after changes: isa: 'avx2' in the run, 'avx512' "
                  "now; threads.",
                  "Diverged, and in no mean: gru (1 of 4 seeds)."));
}

TEST(Cautions, OfTwoSeedsShowTheInterval) {
  StudyResults results = three_seeds();
  results.trials.pop_back();
  EXPECT_THAT(cautions_of(results),
              ElementsAre("An interval from two seeds is 12.7 standard errors "
                          "to each side: gru (8.150 ± 0.635)."));
  results.trials.pop_back();
  EXPECT_THAT(cautions_of(results), IsEmpty()) << "one seed has no interval";
}

// Draws of these rates, of which one is chosen.
StudyResults search(const std::vector<double>& rates, std::size_t chosen) {
  StudyResults results = study_on({"tunes"});
  for (std::size_t k = 0; k < rates.size(); ++k) {
    TrialRecord trial = finished_trial("gru", 1, 8.0);
    trial.draw = static_cast<int>(k) + 1;
    trial.learning_rate = rates[k];
    trial.selected = k == chosen;
    results.trials.push_back(trial);
  }
  return results;
}

TEST(Cautions, NameARateAtTheEdgeOfItsSearch) {
  EXPECT_THAT(cautions_of(search({0.02, 0.01, 0.04}, 1)),
              ElementsAre("The chosen rate is at the edge of the search; a better one may lie "
                          "beyond: gru (0.01, the lowest of 3)."));
  EXPECT_THAT(cautions_of(search({0.02, 0.01, 0.04, 0.03}, 2)),
              ElementsAre(HasSubstr("gru (0.04, the highest of 4).")));
  EXPECT_THAT(cautions_of(search({0.02, 0.01, 0.04}, 0)), IsEmpty());
  EXPECT_THAT(cautions_of(search({0.02, 0.02, 0.02}, 0)), IsEmpty()) << "the rate is not drawn";
  EXPECT_THAT(cautions_of(search({0.02}, 0)), IsEmpty());
  StudyResults beyond = search({0.02, 0.01, 0.04}, 0);
  beyond.trials[2].status = "diverged";
  EXPECT_THAT(cautions_of(beyond), IsEmpty()) << "a draw that diverged was tried, too";
}

TEST(Cautions, NameCellsThatWereStillLearning) {
  StudyResults results = three_seeds();
  results.trials[0].best_epoch = results.trials[2].best_epoch = 20;
  results.trials[1].best_epoch = 19;
  EXPECT_THAT(cautions_of(results), ElementsAre("The best epoch is the last one, so training was "
                                                "still gaining: gru (2 of 3 seeds)."));
  results.trials[0].updates_to_goal = 100.0;
  EXPECT_THAT(cautions_of(results), ElementsAre(HasSubstr("gru (1 of 3 seeds)")));
}

TEST(Cautions, NameParametersWithoutAGradient) {
  StudyResults results = three_seeds();
  results.trials[0].idle = "layers/0/forward/U layers/0/forward/b";
  results.trials[2].idle = "layers/0/forward/U";
  EXPECT_THAT(cautions_of(results),
              ElementsAre("Parameters that had no gradient in any update: gru (layers/0/forward/U "
                          "and layers/0/forward/b; 2 of 3 seeds)."));
}

TEST(Cautions, NameCellsThatAreWorseThanTheBestBaseline) {
  StudyResults results = three_seeds();
  results.problems[0].baselines = {baseline_of("unigrams", 8.1), baseline_of("chain", 8.0),
                                   baseline_of("guess", 9.0)};
  EXPECT_THAT(cautions_of(results),
              ElementsAre("Worse on test than a baseline: gru (8.200; chain 8.000)."));
  results.problems[0].metrics[0].better = Better::higher;
  EXPECT_THAT(cautions_of(results), ElementsAre(HasSubstr("gru (8.200; guess 9.000).")));
  results.problems[0].baselines.pop_back();
  EXPECT_THAT(cautions_of(results), IsEmpty()) << "8.2 is more than 8.1";
}

TEST(Cautions, NameTheDataSetWhereThereAreSeveralAndCountTheRest) {
  StudyResults results = study_on({"songs", "tunes"});
  for (int k = 0; k < 8; ++k) {
    TrialRecord trial = finished_trial("c" + std::to_string(k), 1, 8.0);
    trial.dataset = k < 2 ? "songs" : "tunes";
    trial.best_epoch = trial.epochs;
    results.trials.push_back(trial);
  }
  EXPECT_THAT(cautions_of(results),
              ElementsAre("The best epoch is the last one, so training was still gaining: c0 on "
                          "songs (its one seed), c1 on songs (its one seed), c2 on tunes (its one "
                          "seed), c3 on tunes (its one seed) and 4 others."));
}

TEST(Cautions, StandOnThePageInTheTerminalAndInMarkdown) {
  StudyResults results = three_seeds("a|b");
  results.trials[0].best_epoch = 20;
  const std::string text = "The best epoch is the last one, so training was still gaining: ";
  EXPECT_TRUE(holds(report_page(results),
                    "<h2>Cautions</h2>\n<ul>\n<li>" + text + "a|b (1 of 3 seeds).</li>\n</ul>"));
  EXPECT_TRUE(
      holds(table_markdown(results), "\n## Cautions\n\n- " + text + "a\\|b (1 of 3 seeds).\n"));
  const std::string table = result_table(results);
  expect_80_columns(table);
  EXPECT_TRUE(holds(table,
                    "\nCaution: The best epoch is the last one, so training was still gaining: "
                    "a|b (1\nof 3 seeds).\n"));
}

}  // namespace
}  // namespace carousel
