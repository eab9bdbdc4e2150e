#include "report/search_sheets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sample.hpp"
#include "study/statistics.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;

// So many draws of a cell: rate and momentum, and what figure they make.
template <class Figure>
void add_draws(StudyResults& results, const std::string& cell, int count, Figure figure) {
  for (int draw = 1; draw <= count; ++draw) {
    const double rate = std::pow(10.0, -6.0 + 4.0 * (draw % 7) / 7.0 + 0.01 * draw);
    const double momentum = 0.5 + 0.4 * (draw % 5) / 5.0 + 0.001 * draw;
    TrialRecord trial = finished_trial(cell, 1, 9.0);
    trial.draw = draw;
    trial.selected = draw == 1;
    trial.learning_rate = rate;
    trial.drawn = fmt::format("train.learning_rate={} train.momentum={}", rate, momentum);
    nll_of(trial, Split::valid) = figure(draw, rate, momentum);
    results.trials.push_back(std::move(trial));
  }
}

std::vector<Sheet> sheets_of(const StudyResults& results) {
  return search_sheets(results, summarise(results));
}

TEST(SearchSheets, CompareTheBestTenthWithThatOfTheFirstCell) {
  StudyResults results = study_on({"tunes"});
  add_draws(results, "lstm", 30, [](int draw, double, double) { return 8.0 + 0.01 * draw; });
  add_draws(results, "gru", 40, [](int draw, double, double) { return 9.0 - 0.02 * draw; });
  results.trials[3].status = "diverged";
  const std::vector<Sheet> sheets = sheets_of(results);
  ASSERT_FALSE(sheets.empty());
  const Sheet& sheet = sheets[0];
  EXPECT_EQ(sheet.title, "Best tenth of the draws on tunes");
  ASSERT_EQ(sheet.rows.size(), 2U);
  // 29 draws are left: the best are 8.01 and 8.02. Of 40: 8.20, 8.22, 8.24, 8.26.
  EXPECT_THAT(sheet.rows[0].texts,
              ElementsAre("lstm", "29", "1", "8.010", "8.015 ± 0.064", "-", "-", "-"));
  const double p = welch_t_test({8.20, 8.22, 8.24, 8.26}, {8.01, 8.02}).p;
  EXPECT_LT(p, 0.01);
  const std::string text = p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p);
  EXPECT_THAT(sheet.rows[1].texts,
              ElementsAre("gru", "40", "0", "8.200", "8.230 ± 0.041", "+0.215", text, text));
  EXPECT_EQ(sheet.rows[0].best, std::vector<std::size_t>{4});
  EXPECT_TRUE(sheet.rows[1].best.empty());
}

TEST(SearchSheets, TakeTheHighestWhereHigherIsBetter) {
  StudyResults results = study_on({"tunes"});
  results.problems[0].metrics[0].better = Better::higher;
  add_draws(results, "lstm", 20, [](int draw, double, double) { return 0.01 * draw; });
  add_draws(results, "gru", 20, [](int draw, double, double) { return 0.02 * draw; });
  const Sheet sheet = sheets_of(results).front();
  EXPECT_EQ(sheet.rows[0].texts[3], "0.200");
  EXPECT_EQ(sheet.rows[1].texts[5], "+0.195");
  EXPECT_TRUE(sheet.rows[0].best.empty());
  EXPECT_EQ(sheet.rows[1].best.size(), 1U);
}

TEST(SearchSheets, SplitTheSpreadByKeyAndPair) {
  StudyResults results = study_on({"tunes"});
  add_draws(results, "lstm", 35, [](int, double rate, double) { return 8.0 + std::log10(rate); });
  add_draws(results, "gru", 35, [](int, double, double momentum) { return momentum; });
  const std::vector<Sheet> sheets = sheets_of(results);
  ASSERT_EQ(sheets.size(), 2U);
  const Sheet& sheet = sheets[1];
  EXPECT_EQ(sheet.title, "What the spread of the draws comes from on tunes");
  std::vector<std::string> titles;
  for (const SheetColumn& column : sheet.columns) titles.push_back(column.title);
  EXPECT_THAT(titles, ElementsAre("cell", "draws", "foretold", "learning_rate", "momentum", "pairs",
                                  "strongest pair"));
  EXPECT_THAT(sheet.rows[0].texts, ElementsAre("lstm", "35", testing::_, "100 %", "0 %", "0 %",
                                               testing::HasSubstr("learning_rate x momentum")));
  EXPECT_THAT(sheet.rows[1].texts, ElementsAre("gru", "35", testing::_, "0 %", "100 %", "0 %",
                                               testing::HasSubstr(" 0 %")));
}

TEST(SearchSheets, AreNoneWithoutEnoughDraws) {
  StudyResults results = study_on({"tunes"});
  EXPECT_TRUE(sheets_of(results).empty());
  add_draws(results, "lstm", 5, [](int draw, double, double) { return 8.0 + draw; });
  EXPECT_TRUE(sheets_of(results).empty());
  // One cell alone is compared with nothing.
  add_draws(results, "gru", 25, [](int draw, double, double) { return 8.0 + draw % 7; });
  for (const Sheet& sheet : sheets_of(results)) {
    EXPECT_EQ(sheet.title, "What the spread of the draws comes from on tunes");
    EXPECT_EQ(sheet.rows.size(), 1U);
  }
}

}  // namespace
}  // namespace carousel
