// Each value of a sheet stands under its own title: every field has a figure of its own here.

#include "report/table_sheets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "report/html.hpp"
#include "report/sample.hpp"
#include "report/table.hpp"

namespace carousel {
namespace {

using Texts = std::map<std::string, std::string>;  // by title

// A row of texts, counted without the headings. As many texts as titles, and no title twice.
Texts texts_of(const Sheet& sheet, std::size_t number) {
  std::vector<std::vector<std::string>> rows;
  for (const SheetRow& row : sheet.rows) {
    EXPECT_EQ(row.texts.size(), row.heading.empty() ? sheet.columns.size() : 0u) << sheet.title;
    if (row.heading.empty()) rows.push_back(row.texts);
  }
  Texts texts;
  for (std::size_t k = 0; k < sheet.columns.size(); ++k) {
    const auto& row = rows.at(number);
    texts[sheet.columns[k].title] = k < row.size() ? row[k] : "missing";
  }
  EXPECT_EQ(texts.size(), sheet.columns.size()) << sheet.title << " has a title twice";
  return texts;
}

// What is marked as the best of a column, in order of rows.
std::vector<std::string> best_of(const Sheet& sheet, const std::string& title) {
  std::vector<std::string> found;
  for (const SheetRow& row : sheet.rows) {
    for (const std::size_t column : row.best) {
      if (sheet.columns.at(column).title == title) found.push_back(row.texts.at(column));
    }
  }
  return found;
}

TrialRecord distinct_trial(const char* dataset = "tunes", const char* cell = "lstm",
                           std::uint64_t seed = 71) {
  TrialRecord r;
  r.cell = cell;
  r.variant = "NIG";
  r.dataset = dataset;
  r.hidden = 36;
  r.parameters = 9001;
  r.cell_parameters = 8002;
  r.seed = seed;
  r.draw = 3;
  r.learning_rate = 0.0125;
  r.selected = true;
  r.epochs = 20;
  r.best_epoch = 10;
  r.metrics = {"nll", "nll_by_sequence"};
  r.loss = "nll";
  r.figures["nll"] = figures_of(1.5, 2.5, 3.5);
  r.figures["nll_by_sequence"] = figures_of(4.5, 5.5, 6.5);
  r.updates_to_goal = 1234;
  r.overflows = 11;
  r.seconds = 12.25;
  r.memory = 13400000;
  r.status = "done";
  return r;
}

Baseline distinct_baseline(const char* name) {
  return {
      name,
      {{"nll", figures_of(21.5, 22.5, 23.5)}, {"nll_by_sequence", figures_of(24.5, 25.5, 26.5)}}};
}

TEST(EverySheet, HasEachTrialsValuesUnderTheirTitles) {
  StudyResults results = study_on({"tunes"});
  results.trials = {distinct_trial()};
  EXPECT_EQ(texts_of(trial_sheet(results), 0), (Texts{{"cell", "lstm+NIG"},
                                                      {"data set", "tunes"},
                                                      {"seed", "71"},
                                                      {"draw", "3"},
                                                      {"rate", "0.0125"},
                                                      {"status", "done"},
                                                      {"chosen", "yes"},
                                                      {"test", "3.500"},
                                                      {"valid", "2.500"},
                                                      {"train", "1.500"},
                                                      {"updates to goal", "1234"},
                                                      {"best epoch", "10"},
                                                      {"epochs", "20"},
                                                      {"overflows", "11"},
                                                      {"seconds", "12.2"},
                                                      {"units", "36"},
                                                      {"all params", "9001"}}));
  results.trials.push_back(results.trials[0]);
  results.trials[1].status = "running";
  results.trials[1].selected = false;
  Texts running = texts_of(trial_sheet(results), 1);
  for (const char* title : {"test", "valid", "train"}) EXPECT_EQ(running[title], "-");
  EXPECT_EQ(running["chosen"], "");
}

TEST(EverySheet, HasTheResultsUnderTheirTitles) {
  StudyResults results = study_on({"tunes"});
  results.trials = {distinct_trial()};
  results.problems[0].baselines = {distinct_baseline("keys")};
  results.published = {published_nll("A 2014", "tunes", "lstm+NIG", 31.5, 33.5),
                       published_nll("B 2015", "tunes", "other", 41.5, 43.5)};
  const Sheet sheet = Report(results).sheets.at(0);
  EXPECT_EQ(texts_of(sheet, 0), (Texts{{"model", "lstm+NIG"},
                                       {"units", "36"},
                                       {"test", "3.500"},
                                       {"published", "33.50"},
                                       {"test NLL by sequence", "6.500"},
                                       {"valid", "2.500"},
                                       {"train", "1.500"},
                                       {"published train", "31.50"},
                                       {"rate", "0.0125"},
                                       {"draws", "1"},
                                       {"seeds", "1"},
                                       {"params", "8002"},
                                       {"epoch", "10"},
                                       {"sec", "12.2"},
                                       {"memory", "13.4 MB"}}));
  const auto expect_only = [&](std::size_t row, const Texts& expected) {
    for (const auto& [title, text] : texts_of(sheet, row)) {
      EXPECT_EQ(text, expected.contains(title) ? expected.at(title) : "-") << title;
    }
  };
  expect_only(1, {{"model", "keys"},
                  {"test", "23.500"},
                  {"valid", "22.500"},
                  {"train", "21.500"},
                  {"test NLL by sequence", "26.500"}});
  expect_only(2, {{"model", "other"}, {"test", "43.50"}, {"train", "41.50"}});
}

// Two cells with three seeds each on two sets, of which the second has a nat more.
StudyResults two_cells_on_two_sets() {
  StudyResults results = study_on({"tunes", "songs"});
  const std::map<std::string, std::vector<double>> nlls = {{"gru", {8.0, 8.2, 8.4}},
                                                           {"lstm", {8.5, 8.6, 8.9}}};
  for (StudyProblem& problem : results.problems) {
    for (const auto& [cell, of_seeds] : nlls) {
      for (std::size_t seed = 0; seed < 3; ++seed) {
        results.trials.push_back(distinct_trial(problem.name.c_str(), cell.c_str(), seed + 1));
        nll_of(results.trials.back(), Split::test) =
            of_seeds[seed] + (problem.name == "songs" ? 1.0 : 0.0);
      }
    }
    problem.baselines = {distinct_baseline("independent keys")};
  }
  return results;
}

// The figures of the pair are those of Comparisons.PairSeedsAndCorrectForAllPairsOfASet.
TEST(EverySheet, HasPairsAndSeveralSetsUnderTheirTitles) {
  const StudyResults results = two_cells_on_two_sets();
  const std::vector<Sheet> sheets = Report(results).sheets;
  std::vector<std::string> titles;
  for (const Sheet& sheet : sheets) {
    titles.push_back(sheet.title);
    texts_of(sheet, 0);
  }
  ASSERT_THAT(titles, testing::ElementsAre("Results on tunes", "Pairs on tunes", "Results on songs",
                                           "Pairs on songs", "Cells over data sets",
                                           "Pairs over data sets"));
  EXPECT_EQ(texts_of(sheets[1], 0), (Texts{{"pair", "gru+NIG - lstm+NIG"},
                                           {"difference", "-0.467 [-0.610, -0.323]"},
                                           {"seeds", "3"},
                                           {"p paired t", "0.005 (0.005)"},
                                           {"p Wilcoxon", "0.250 (0.250)"},
                                           {"p Welch", "0.049 (0.049)"},
                                           {"P(first better)", "1.000 [1.000, 1.000]"}}));
  Texts cell = texts_of(sheets[4], 0);
  // Of the six quotients, 8.0 / 23.5 to 9.4 / 23.5, the mean of the middle four.
  EXPECT_THAT(cell["relative"], testing::StartsWith("0.370 ["));
  cell.erase("relative");
  EXPECT_EQ(cell,
            (Texts{{"model", "gru+NIG"}, {"tunes", "8.200 ± 0.497"}, {"songs", "9.200 ± 0.497"}}));
  EXPECT_EQ(texts_of(sheets[5], 0),
            (Texts{{"pair", "gru+NIG - lstm+NIG"}, {"P(first better)", "1.000 [1.000, 1.000]"}}));
}

TEST(EverySheet, HasTheMachineAndEveryRow) {
  StudyResults results = two_cells_on_two_sets();
  results.provenance.depends_on = {{"isa", "some"}, {"study train.batch", "4"}};
  results.provenance.sessions = {{{"cpu", "fast"}, {"threads", "4"}}};
  EXPECT_EQ(texts_of(machine_sheet(results), 2),
            (Texts{{"what", "session"}, {"value", "cpu: fast; threads: 4"}}));
  EXPECT_EQ(texts_of(trial_sheet(results), 10)["test"], "9.600");
}

TEST(TerminalTable, HasMeansOverStepsUnderTheirTitles) {
  StudyResults results = study_on({"tunes"});
  results.trials = {distinct_trial()};
  std::istringstream lines(result_table(results));
  std::vector<std::vector<std::string>> words;  // of titles, the line and the row
  for (std::string line; words.size() < 3 && std::getline(lines, line);) {
    std::istringstream in(line);
    words.emplace_back(std::istream_iterator<std::string>(in),
                       std::istream_iterator<std::string>());
  }
  ASSERT_EQ(words[0].size(), words[2].size());
  Texts row;
  for (std::size_t k = 0; k < words[0].size(); ++k) row[words[0][k]] = words[2][k];
  EXPECT_EQ(row, (Texts{{"cell", "lstm+NIG"},
                        {"units", "36"},
                        {"rate", "0.013"},
                        {"params", "8002"},
                        {"seeds", "1"},
                        {"train", "1.500"},
                        {"valid", "2.500"},
                        {"test", "3.500"},
                        {"epoch", "10"},
                        {"sec", "12.2"}}));
}

// gru has the best test figure, lstm the best training figure, both the same validation figure;
// rnn diverged, and its search has not begun, so that columns are left out in front of these.
StudyResults three_to_mark() {
  StudyResults results = study_on({"tunes"});
  const double tests[] = {8.5, 8.25, 1.0};
  for (std::size_t k = 0; k < 3; ++k) {
    TrialRecord trial = finished_trial(k == 0 ? "lstm" : k == 1 ? "gru" : "rnn", 1, tests[k]);
    trial.figures["nll"][Split::valid] = 9.0;
    trial.figures["nll"][Split::train] = k == 0 ? 7.0 : 7.5;
    results.trials.push_back(trial);
  }
  results.trials[2].status = "diverged";
  results.problems[0].baselines = {baseline_of("chain", 2.0)};
  return results;
}

TEST(Best, IsMarkedInEachColumnOfFigures) {
  StudyResults results = three_to_mark();
  Sheet sheet = Report(results).sheets.at(0);
  EXPECT_THAT(best_of(sheet, "test"), testing::ElementsAre("8.250"));
  EXPECT_THAT(best_of(sheet, "train"), testing::ElementsAre("7.000"));
  EXPECT_THAT(best_of(sheet, "valid"), testing::IsEmpty()) << "all are the same";
  EXPECT_EQ(notes_of(sheet).back(), "Bold: the best figure of its column in this study.");
  EXPECT_THAT(best_of(trial_sheet(results), "test"), testing::ElementsAre("8.250"));
  EXPECT_THAT(best_of(trial_sheet(results), "train"), testing::ElementsAre("7.000"));
  results.problems[0].metrics[0].better = Better::higher;
  sheet = Report(results).sheets.at(0);
  EXPECT_THAT(best_of(sheet, "test"), testing::ElementsAre("8.500"));
  EXPECT_THAT(best_of(sheet, "train"), testing::ElementsAre("7.500"));
}

TEST(Best, IsMarkedInEveryFormat) {
  const StudyResults results = three_to_mark();
  const Report report(results);
  EXPECT_NE(table_markdown(report).find("| **8.250** |"), std::string::npos);
  EXPECT_NE(table_latex(report).find(" & \\textbf{8.250} & "), std::string::npos);
  EXPECT_NE(html_table(report.sheets.at(0)).find("<td class=\"number best\">8.250</td>"),
            std::string::npos);
  EXPECT_EQ(table_markdown(report).find("**2.000**"), std::string::npos) << "no figure of ours";
}

TEST(Best, OfEqualFiguresAllAreMarked) {
  Sheet sheet{"", {{"name", false}, {"empty"}, {"figure"}}, {}, {"a note"}};
  for (const char* text : {"1.0 ± 0.5", "2.0", "1.0 ± 0.7", "-"}) {
    sheet.rows.push_back({"", {"x", "-", text}});
  }
  mark_best(sheet, 2, {1.02, 2.0, 1.01, not_known}, Better::lower);
  drop_empty_columns(sheet);
  EXPECT_THAT(best_of(sheet, "figure"), testing::ElementsAre("1.0 ± 0.5", "1.0 ± 0.7"));
  EXPECT_EQ(notes_of(sheet).size(), 2u);
  Sheet one{"", {{"name", false}, {"figure"}}, {{"", {"x", "1.0"}}, {"", {"y", "-"}}}, {"a note"}};
  mark_best(one, 1, {1.0, not_known}, Better::lower);
  EXPECT_EQ(notes_of(one).size(), 1u) << "there is none to be better than";
}

TEST(Best, OfSeveralDataSetsIsMarkedForEach) {
  StudyResults results = study_on({"songs", "tunes"});
  results.problems[1].metrics[0].better = Better::higher;
  for (const char* set : {"songs", "tunes"}) {
    for (const char* cell : {"lstm", "gru"}) {
      results.trials.push_back(finished_trial(cell, 1, *cell == 'l' ? 9.0 : 8.0));
      results.trials.back().dataset = set;
    }
  }
  EXPECT_THAT(best_of(trial_sheet(results), "test"), testing::ElementsAre("8.000", "9.000"));
  results.problems[1].metrics[0].better = Better::lower;
  for (StudyProblem& problem : results.problems) problem.baselines = {baseline_of("chain", 10.0)};
  nll_of(results.trials[2], Split::test) = 7.0;
  const Report report(results);
  const auto sheet = std::find_if(report.sheets.begin(), report.sheets.end(),
                                  [](const Sheet& s) { return s.title == "Cells over data sets"; });
  ASSERT_NE(sheet, report.sheets.end());
  EXPECT_THAT(best_of(*sheet, "songs"), testing::ElementsAre("8.000"));
  EXPECT_THAT(best_of(*sheet, "tunes"), testing::ElementsAre("7.000"));
}

TEST(EverySheet, HasADashForWhatATrialHasNot) {
  StudyResults results = study_on({"tunes"});
  results.trials = {distinct_trial(), distinct_trial()};
  results.trials[0].draw = 0;
  results.trials[0].hidden = 0;
  results.trials[0].drawn = "";
  results.trials[1].drawn = "train.momentum=0.123456789 train.optimiser=adam";
  const Sheet sheet = trial_sheet(results);
  const Texts without = texts_of(sheet, 0), with = texts_of(sheet, 1);
  EXPECT_EQ(without.at("draw"), "-");
  EXPECT_EQ(without.at("units"), "-");
  EXPECT_EQ(without.at("train.momentum"), "-");
  EXPECT_EQ(with.at("draw"), "3");
  EXPECT_EQ(with.at("units"), "36");
  EXPECT_EQ(with.at("train.momentum"), "0.1235") << "four digits";
  EXPECT_EQ(with.at("train.optimiser"), "adam");
}

// Numbers stand at the right, names at the left.
TEST(EverySheet, SetsNumbersToTheRight) {
  StudyResults results = study_on({"tunes", "songs"});
  results.trials = {distinct_trial("tunes", "gru", 1), distinct_trial("tunes", "lstm", 1),
                    distinct_trial("songs", "gru", 1), distinct_trial("songs", "lstm", 1)};
  const std::set<std::string> names = {"cell",  "data set", "status", "chosen",
                                       "model", "pair",     "what",   "value"};
  std::vector<Sheet> sheets = Report(results).sheets;
  sheets.push_back(trial_sheet(results));
  sheets.push_back(machine_sheet(results));
  EXPECT_GT(sheets.size(), 4U);
  for (const Sheet& sheet : sheets) {
    for (const SheetColumn& column : sheet.columns) {
      EXPECT_EQ(column.number, !names.contains(column.title))
          << sheet.title << ": " << column.title;
    }
  }
}

TEST(EverySheet, NamesPublishedSourcesWhereThereAreAny) {
  StudyResults results = study_on({"tunes"});
  results.trials = {distinct_trial()};
  const auto notes = [&] {
    std::string text;
    const Report report(results);
    for (const std::string& note : report.sheets.at(0).notes) text += note + "\n";
    return text;
  };
  EXPECT_THAT(notes(), testing::Not(testing::HasSubstr("published:")));
  results.published = {published_nll("A 2014", "tunes", "lstm+NIG", 31.5, 33.5)};
  EXPECT_THAT(notes(), testing::HasSubstr("published: A 2014."));
}

}  // namespace
}  // namespace carousel
