#include "report/effects.hpp"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lines.hpp"
#include "report/effect_sheets.hpp"
#include "report/page.hpp"
#include "report/table.hpp"
#include "sample.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The cell as it is with test figures 8, 8.1, 8.3; NFG adds about 1, NP next to nothing, NIG
// diverged.
StudyResults an_ablation() {
  StudyResults results = study_on({"tunes"});
  const double intact[] = {8.0, 8.1, 8.3};
  const auto add = [&](const char* variant, std::vector<double> more, std::int64_t parameters) {
    for (std::size_t seed = 0; seed < 3; ++seed) {
      TrialRecord trial = finished_trial("lstm", seed + 1, intact[seed] + more[seed]);
      trial.variant = variant;
      trial.cell_parameters = parameters;
      results.trials.push_back(trial);
    }
  };
  add("", {0.0, 0.0, 0.0}, 400);
  add("NP", {0.01, -0.02, 0.02}, 390);
  add("NFG", {1.0, 1.02, 0.97}, 300);
  add("NIG", {0.0, 0.0, 0.0}, 300);
  for (std::size_t k = 9; k < 12; ++k) results.trials[k].status = "diverged";
  results.cell_texts = {{"lstm", "# a cell\ncell lstm\nf = sigmoid(a)\nh = f * c\n"},
                        {"lstm+NFG", "# a cell\ncell lstm NFG\nh = c\n"}};
  return results;
}

TEST(Effects, AreThoseOfEachChangeByPairsOfSeeds) {
  const StudyResults results = an_ablation();
  const auto all = effects_of(results, summarise(results));
  ASSERT_EQ(all.size(), 1u);
  const Effects& effects = all[0];
  EXPECT_EQ(effects.intact, "lstm");
  EXPECT_EQ(effects.parameters, 400);
  ASSERT_EQ(effects.changes.size(), 3u);
  const Effect &worst = effects.changes[0], &none = effects.changes[1], &lost = effects.changes[2];
  EXPECT_EQ(worst.change, "NFG");
  EXPECT_EQ(worst.parameters, 300);
  EXPECT_EQ(worst.pairs, 3);
  EXPECT_NEAR(worst.difference.mean, (1.0 + 1.02 + 0.97) / 3.0, 1e-12);
  const TestResult test = paired_t_test({9.0, 9.12, 9.27}, {8.0, 8.1, 8.3});
  EXPECT_NEAR(worst.paired_t.single, test.p, 1e-12);
  EXPECT_NEAR(worst.paired_t.corrected, 2.0 * test.p, 1e-12) << "two changes have a p";
  EXPECT_TRUE(is_significant(worst));
  EXPECT_EQ(none.change, "NP");
  EXPECT_FALSE(is_significant(none));
  EXPECT_EQ(lost.change, "NIG");
  EXPECT_EQ(lost.diverged, 3);
  EXPECT_TRUE(std::isnan(lost.difference.mean));
}

TEST(Effects, OfHigherFiguresTheLowestIsTheWorst) {
  StudyResults results = an_ablation();
  results.problems[0].metrics[0].better = Better::higher;
  const auto effects = effects_of(results, summarise(results));
  EXPECT_EQ(effects[0].changes[0].change, "NP");
  EXPECT_EQ(verdict(effects[0].changes[1], results.problems[0].chooses()), "helps");
}

TEST(Effects, AreOfACellAtOnePointOfTheGrid) {
  StudyResults results = an_ablation();
  for (std::size_t k = 0; k < results.trials.size(); ++k) {
    if (results.trials[k].variant == "NFG") results.trials[k].setting = "model.depth=2";
  }
  const auto effects = effects_of(results, summarise(results));
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(effects[0].changes.size(), 2u);
  for (TrialRecord& trial : results.trials) trial.cell += trial.variant;
  EXPECT_THAT(effects_of(results, summarise(results)), IsEmpty());
}

// A cell with other numbers has changes of its own.
TEST(Effects, TheCellAsItIsMayHaveNumbers) {
  StudyResults results = an_ablation();
  for (TrialRecord& trial : results.trials) {
    trial.variant = trial.variant.empty() ? "depth=3" : "depth=3 " + trial.variant;
  }
  const auto effects = effects_of(results, summarise(results));
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(effects[0].intact, "lstm+depth=3");
  EXPECT_EQ(effects[0].changes[0].change, "NFG");
}

TEST(Effects, OfASearchAreAlsoByDraw) {
  StudyResults results = study_on({"tunes"});
  for (const char* variant : {"", "NFG"}) {
    for (int draw = 1; draw <= 3; ++draw) {
      TrialRecord trial = finished_trial("lstm", 1, 0.0);
      trial.variant = variant;
      trial.draw = draw;
      trial.selected = draw == 1;
      trial.figures["nll"][Split::valid] = 5.0 + draw + (*variant ? 0.25 : 0.0);
      results.trials.push_back(trial);
    }
  }
  const auto effects = effects_of(results, summarise(results));
  EXPECT_EQ(effects[0].changes[0].draw_pairs, 3);
  EXPECT_NEAR(effects[0].changes[0].draw_difference.mean, 0.25, 1e-12);
  EXPECT_EQ(effects[0].changes[0].pairs, 1);
}

TEST(EffectSheets, SayWhatEachChangeDoes) {
  const StudyResults results = an_ablation();
  const Report report(results);
  const Sheet& sheet = report.sheets.at(0);
  EXPECT_EQ(sheet.title, "Changes of lstm on tunes");
  EXPECT_THAT(sheet.rows[0].texts[0], "NFG");
  EXPECT_THAT(sheet.rows[0].texts[1], testing::StartsWith("+0.997 [+0.9"));
  EXPECT_THAT(sheet.rows[0].texts[4], "hurts");
  EXPECT_THAT(sheet.rows[1].texts[4], "not shown to differ");
  EXPECT_THAT(sheet.rows[2].texts[2], "0 (3 div)");
  const std::string table = result_table(report);
  EXPECT_THAT(table, HasSubstr("Changes of lstm on tunes, the worst first"));
  EXPECT_THAT(table, HasSubstr("hurts\n"));
}

TEST(PageOfAnAblation, HasAForestAndMarksWhatIsNew) {
  const StudyResults results = an_ablation();
  const std::string page = report_page(Report(results));
  EXPECT_TRUE(holds(page, "aria-label=\"Effect of each change of lstm on tunes"));
  EXPECT_TRUE(holds(page, "text-anchor=\"end\">NFG</text>"));
  EXPECT_TRUE(holds(page, "<rect class=\"sure\""));
  EXPECT_TRUE(holds(page, ">3 diverged</text>"));
  EXPECT_TRUE(
      holds(page, "<del>- f = sigmoid(a)</del>\n<del>- h = f * c</del>\n<ins>+ h = c</ins>"));
  EXPECT_FALSE(holds(report_page(Report(study_on({"tunes"}))), "<svg class=\"rows\""));
}

// Of test figures; validation, which chose, would flatter.
TEST(Effects, AreOfTestFigures) {
  StudyResults results = an_ablation();
  for (TrialRecord& trial : results.trials) trial.figures["nll"][Split::valid] = 1.0;
  const auto effects = effects_of(results, summarise(results));
  EXPECT_NEAR(effects[0].changes[0].difference.mean, (1.0 + 1.02 + 0.97) / 3.0, 1e-12);
}

TEST(Effects, KeepUnitsAndOutcome) {
  StudyResults results = an_ablation();
  for (TrialRecord& trial : results.trials) trial.hidden = trial.variant.empty() ? 36 : 41;
  const auto effects = effects_of(results, summarise(results));
  EXPECT_EQ(effects[0].changes[0].hidden, 41);
  const MetricInfo& metric = results.problems[0].chooses();
  EXPECT_EQ(outcome_of(effects[0].changes[0], metric), EffectOutcome::hurts);
  EXPECT_EQ(outcome_of(effects[0].changes[1], metric), EffectOutcome::not_different);
  EXPECT_EQ(outcome_of(effects[0].changes[2], metric), EffectOutcome::not_tested);
}

TEST(EffectSheets, HaveADashForWhatThereIsNot) {
  StudyResults results = an_ablation();
  for (TrialRecord& trial : results.trials) {
    if (trial.variant == "NP") trial.cell_parameters = 0;
  }
  const Sheet sheet = effect_sheets(results, effects_of(results, summarise(results))).at(0);
  const auto column = [&](const std::string& title) {
    return static_cast<std::size_t>(std::ranges::find(sheet.columns, title, &SheetColumn::title) -
                                    sheet.columns.begin());
  };
  EXPECT_EQ(sheet.rows[0].texts[column("params")], "300");
  EXPECT_EQ(sheet.rows[1].texts[column("params")], "-");
  EXPECT_EQ(sheet.rows[0].texts[column("units")], "36");
  EXPECT_EQ(sheet.rows[2].texts[column("effect")], "-");
  // There was no search: no column of it.
  EXPECT_EQ(column("effect by draw"), sheet.columns.size());
  EXPECT_EQ(column("draws"), sheet.columns.size());
}

// Of each sheet, not of the first one alone.
TEST(EffectSheets, EachIsWithoutItsEmptyColumns) {
  StudyResults results = an_ablation();
  for (TrialRecord trial : an_ablation().trials) {
    trial.cell = "gru";
    results.trials.push_back(trial);
  }
  const auto sheets = effect_sheets(results, effects_of(results, summarise(results)));
  ASSERT_EQ(sheets.size(), 2U);
  for (const Sheet& sheet : sheets) {
    EXPECT_EQ(std::ranges::count(sheet.columns, "effect by draw", &SheetColumn::title), 0)
        << sheet.title;
  }
}

TEST(EffectSheets, SetNumbersToTheRightAndSayWhichSideIsWorse) {
  StudyResults results = an_ablation();
  const auto sheet = [&] {
    return effect_sheets(results, effects_of(results, summarise(results))).at(0);
  };
  for (const SheetColumn& column : sheet().columns) {
    EXPECT_EQ(column.number, column.title != "change" && column.title != "verdict") << column.title;
  }
  const auto notes = [&] { return fmt::format("{}", fmt::join(sheet().notes, " ")); };
  EXPECT_THAT(notes(), HasSubstr("above zero"));
  results.problems[0].metrics[0].better = Better::higher;
  EXPECT_THAT(notes(), HasSubstr("below zero"));
}

}  // namespace
}  // namespace carousel
