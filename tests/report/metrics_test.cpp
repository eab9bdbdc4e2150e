// Problems whose figures are not all alike: a share of which higher is better, goals, several
// metrics.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "csv.hpp"
#include "report/comparisons.hpp"
#include "report/format.hpp"
#include "report/lines.hpp"
#include "report/page.hpp"
#include "report/sample.hpp"
#include "report/table.hpp"
#include "report/table_sheets.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;
using testing::Not;

// A share of right answers chooses; the loss is another figure.
StudyProblem copy_problem() {
  StudyProblem problem;
  problem.name = "copy";
  problem.task = "copy";
  problem.metrics = {{"accuracy", "accuracy", "", Better::higher, 4, 0.95},
                     {"nll", "NLL", "nats per step"}};
  problem.loss = "nll";
  return problem;
}

// The loss chooses: lower is better.
StudyProblem adding_problem() {
  StudyProblem problem;
  problem.name = "adding";
  problem.task = "adding";
  problem.metrics = {{"mse", "mean squared error", "", Better::lower, 5}};
  problem.loss = "mse";
  return problem;
}

// The figure that chooses is 0.01 better on validation than on test, and 0.02 on training.
TrialRecord trial_on(const StudyProblem& problem, const std::string& cell, std::uint64_t seed,
                     double test) {
  TrialRecord trial = finished_trial(cell, seed, 3.0);
  const double sign = problem.chooses().better == Better::higher ? 1.0 : -1.0;
  trial.task = problem.task;
  trial.dataset = problem.name;
  trial.loss = problem.loss;
  trial.metrics.clear();
  for (const MetricInfo& metric : problem.metrics) trial.metrics.push_back(metric.name);
  trial.figures.erase("nll_by_sequence");
  trial.figures[problem.chooses().name] = figures_of(test + 0.02 * sign, test + 0.01 * sign, test);
  return trial;
}

// Three seeds of two cells. On copy the first is better in 7 of 9 pairs of seeds, on adding in all.
StudyResults two_problems() {
  StudyResults results;
  results.study = "two";
  results.problems = {copy_problem(), adding_problem()};
  const double gru[2][3] = {{0.90, 0.92, 0.94}, {0.01, 0.02, 0.03}};
  const double lstm[2][3] = {{0.80, 0.93, 0.70}, {0.04, 0.05, 0.09}};
  for (std::size_t problem = 0; problem < 2; ++problem) {
    for (std::size_t seed = 0; seed < 3; ++seed) {
      results.trials.push_back(
          trial_on(results.problems[problem], "gru", seed + 1, gru[problem][seed]));
      results.trials.push_back(
          trial_on(results.problems[problem], "lstm", seed + 1, lstm[problem][seed]));
    }
  }
  return results;
}

StudyResults copying() {
  StudyResults results = two_problems();
  results.problems.pop_back();
  results.trials.resize(6);
  return results;
}

std::vector<std::string> titles_of(const Sheet& sheet) {
  std::vector<std::string> titles;
  for (const SheetColumn& column : sheet.columns) titles.push_back(column.title);
  return titles;
}

Sheet sheet_of(const Report& report, const std::string& title) {
  for (const Sheet& sheet : report.sheets) {
    if (sheet.title == title) return sheet;
  }
  ADD_FAILURE() << "no sheet " << title;
  return {};
}

// The text of a column in the row that begins with `name`.
std::string text_of(const Sheet& sheet, const std::string& name, const std::string& title) {
  const auto titles = titles_of(sheet);
  const auto column = std::find(titles.begin(), titles.end(), title) - titles.begin();
  for (const SheetRow& row : sheet.rows) {
    if (row.heading.empty() && row.texts[0] == name && column < std::ssize(row.texts)) {
      return row.texts[static_cast<std::size_t>(column)];
    }
  }
  return "no such text";
}

std::string csv_of(const Plots& plots, const std::string& name) {
  for (const PlotFile& file : plots_csv(plots)) {
    if (file.name == name) return file.text;
  }
  return "no such file";
}

TEST(HigherIsBetter, TheBestDrawIsTheHighest) {
  StudyResults results;
  results.problems = {copy_problem()};
  // On validation 0.5 and 0.9; a third draw diverged, whose figure is no figure.
  const double tests[] = {0.49, 0.89, 0.99};
  for (int draw = 1; draw <= 3; ++draw) {
    results.trials.push_back(trial_on(results.problems[0], "gru", 1, tests[draw - 1]));
    results.trials.back().draw = draw;
    results.trials.back().learning_rate = 0.001 * draw;
    results.trials.back().drawn = fmt::format("train.learning_rate={}", 0.001 * draw);
    results.trials.back().selected = draw == 2;
  }
  results.trials[2].status = "diverged";
  const Report report(results);
  EXPECT_THAT(draws_of(report.rows[0], results),
              ElementsAre(testing::DoubleEq(0.5), testing::DoubleEq(0.9), IsNan()));
  // One draw: finite with 2/3, then 0.7 on average. Two: 0.9 in two pairs of three, 0.5 in one.
  const auto& curve = report.plots.datasets[0].series[0].tuning;
  ASSERT_EQ(curve.size(), 3U);
  EXPECT_NEAR(curve[0].expected, 0.7, 1e-12);
  EXPECT_NEAR(curve[0].finite, 2.0 / 3.0, 1e-12);
  EXPECT_NEAR(curve[1].expected, 2.3 / 3.0, 1e-12);
  EXPECT_EQ(curve[1].finite, 1.0);
  EXPECT_NEAR(curve[2].expected, 0.9, 1e-12);
  EXPECT_EQ(csv_of(report.plots, "tuning_curve.csv"),
            "dataset,cell,metric,draws,expected_valid,probability_finite\n"
            "copy,gru,accuracy,1,0.700000,0.666667\n"
            "copy,gru,accuracy,2,0.766667,1.000000\n"
            "copy,gru,accuracy,3,0.900000,1.000000\n");
  EXPECT_TRUE(
      holds(plots_json(report.plots),
            R"("sweeps":[{"key":"train.learning_rate","points":[[1E-3,5E-1,1,"done",false],)"
            R"([2E-3,9E-1,2,"done",true],[3E-3,null,3,"diverged",false]]}])"));
}

TEST(HigherIsBetter, TheFirstOfAPairIsBetterWhereItIsHigher) {
  const StudyResults results = copying();
  const auto pairs = comparisons(results, summarise(results));
  ASSERT_EQ(pairs.size(), 1U);
  // Differences 0.1, -0.01 and 0.24; gru wins 7 of 9.
  EXPECT_NEAR(pairs[0].difference.mean, 0.11, 1e-12);
  EXPECT_NEAR(pairs[0].improvement.value, 7.0 / 9.0, 1e-12);
  EXPECT_GT(pairs[0].improvement.high, 7.0 / 9.0);
  EXPECT_LT(pairs[0].improvement.low, 7.0 / 9.0);
  const Sheet sheet = sheet_of(results, "Pairs on copy");
  EXPECT_THAT(text_of(sheet, "gru - lstm", "difference"), testing::StartsWith("0.1100 ["));
  EXPECT_THAT(text_of(sheet, "gru - lstm", "P(first better)"), testing::StartsWith("0.778 ["));
  EXPECT_THAT(sheet.notes[0],
              AllOf(HasSubstr("(accuracy)"), HasSubstr("above zero, the first is better")));
}

TEST(HigherIsBetter, FiguresHaveTheirDecimalsAndNotesTheDirection) {
  const StudyResults results = copying();
  const Report report(results);
  const Sheet sheet = sheet_of(report, "Results on copy");
  // 0.90, 0.92, 0.94: deviation 0.02, times 4.30265 / sqrt 3.
  EXPECT_EQ(text_of(sheet, "gru", "test"), "0.9200 ± 0.0497");
  EXPECT_EQ(text_of(sheet, "gru", "valid"), "0.9300");
  EXPECT_EQ(text_of(sheet, "gru", "train"), "0.9400");
  EXPECT_EQ(text_of(sheet, "gru", "test NLL"), "3.000 ± 0.000")
      << "another metric, its own decimals";
  EXPECT_THAT(sheet.notes[0], HasSubstr("test, valid, train: accuracy (higher is better) at"));
  const Sheet tunes = sheet_of(two_problems(), "Results on adding");
  EXPECT_EQ(text_of(tunes, "lstm", "valid"), "0.05000");
  EXPECT_THAT(tunes.notes[0], HasSubstr("mean squared error (lower is better) at"));
}

TEST(HigherIsBetter, ThePageDrawsItWithoutALossOfAnotherMetric) {
  StudyResults results = two_problems();
  for (TrialRecord& trial : results.trials) {
    trial.curve = {curve_point(1, 1.0, 0.5)};
    if (trial.dataset == "adding") trial.curve[0].valid.pop_back();
  }
  const Plots plots = Report(results).plots;
  const std::string json = plots_json(plots);
  EXPECT_TRUE(holds(json, R"({"dataset":"copy","metric":{"title":"accuracy","axis":"accuracy",)"
                          R"("higher":true,"decimals":4},"train":false,"series":[{"label":"gru",)"
                          R"("seeds":3,"points":[[1,10,1E0,5E-1,5E-1,5E-1,null,3]])"));
  EXPECT_TRUE(holds(json, R"({"dataset":"adding","metric":{"title":"mean squared error","axis":)"
                          R"("mean squared error","higher":false,"decimals":5},"train":true,)"));
  const auto rows = read_csv(csv_of(plots, "curves_band.csv"));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].at("metric"), "accuracy");
  EXPECT_EQ(rows[0].at("train_mean"), "");
  EXPECT_EQ(rows[3].at("metric"), "mse");
  EXPECT_EQ(rows[3].at("train_mean"), "-0.500000");
}

TEST(SeveralMetrics, PairsArePooledEachInItsDirection) {
  const StudyResults results = two_problems();
  const PooledResults pooled = pooled_results(results, summarise(results));
  ASSERT_EQ(pooled.pairs.size(), 1U);
  EXPECT_NEAR(pooled.pairs[0].improvement.value, (7.0 / 9.0 + 1.0) / 2.0, 1e-12);
  EXPECT_THAT(text_of(sheet_of(results, "Pairs over data sets"), "gru - lstm", "P(first better)"),
              testing::StartsWith("0.889 ["));
}

TEST(SeveralMetrics, CellsOverProblemsAreNotDividedWhereHigherIsBetter) {
  StudyResults results = two_problems();
  for (StudyProblem& problem : results.problems) {
    problem.baselines = {
        {"a guess", {{problem.chooses().name, figures_of(not_known, not_known, 0.5)}}}};
  }
  const Sheet two = sheet_of(results, "Cells over data sets");
  EXPECT_THAT(titles_of(two), ElementsAre("model", "copy", "adding"));
  EXPECT_EQ(text_of(two, "gru", "copy"), "0.9200 ± 0.0497");
  EXPECT_EQ(text_of(two, "gru", "adding"), "0.02000 ± 0.02484");
  EXPECT_THAT(two.notes, ElementsAre(HasSubstr("accuracy (higher is better) on copy; mean squared "
                                               "error (lower is better) on adding;")));
  // A third problem makes two that can be divided; the share is still left out.
  results.problems.push_back(results.problems[1]);
  results.problems[2].name = "sums";
  for (std::size_t at = 6; at < 12; ++at) {
    results.trials.push_back(results.trials[at]);
    results.trials.back().dataset = "sums";
  }
  const PooledResults pooled = pooled_results(results, summarise(results));
  EXPECT_THAT(pooled.datasets, ElementsAre("copy", "adding", "sums"));
  EXPECT_THAT(pooled.relative_datasets, ElementsAre("adding", "sums"));
  // 0.02, 0.04, 0.06 twice: without the lowest and the highest the mean of four.
  ASSERT_EQ(pooled.cells.size(), 2U);
  EXPECT_NEAR(pooled.cells[0].relative.value, 0.04, 1e-12);
  const Sheet three = sheet_of(results, "Cells over data sets");
  EXPECT_THAT(text_of(three, "gru", "relative"), testing::StartsWith("0.040 ["));
  EXPECT_THAT(three.notes[0], HasSubstr("(lower is better) on adding, sums;"));
  EXPECT_THAT(three.notes[1], HasSubstr("divided by that of a guess on adding, sums;"));
}

TEST(SeveralMetrics, RelativeFiguresNeedABaselineAboveZero) {
  StudyResults results = two_problems();
  results.problems[0] = adding_problem();
  results.problems[0].name = "copy";
  for (TrialRecord& trial : results.trials) {
    if (trial.dataset == "copy") trial.figures["mse"] = trial.figures["accuracy"];
  }
  for (StudyProblem& problem : results.problems) {
    problem.baselines = {{"a guess", {{"mse", figures_of(0.5, 0.5, 0.5)}}}};
  }
  const auto rows = summarise(results);
  EXPECT_EQ(pooled_results(results, rows).relative_datasets.size(), 2U);
  for (const double unit : {0.0, -0.5, not_known}) {
    results.problems[1].baselines[0].figures["mse"][Split::test] = unit;
    EXPECT_THAT(pooled_results(results, rows).relative_datasets, ElementsAre("copy")) << unit;
    EXPECT_TRUE(pooled_results(results, rows).cells.empty()) << unit;
  }
}

TEST(SeveralMetrics, PublishedFiguresStandBesideTheirOwn) {
  StudyResults results = copying();
  PublishedResult paper{"A 2014", "copy", "gru", {}};
  paper.figures["accuracy"] = figures_of(0.99, 0.97, 0.965);
  paper.figures["nll"] = figures_of(not_known, not_known, 2.5);
  results.published = {paper};
  const Sheet sheet = sheet_of(results, "Results on copy");
  EXPECT_EQ(text_of(sheet, "gru", "published"), "0.965");
  EXPECT_EQ(text_of(sheet, "gru", "published NLL"), "2.50");
  EXPECT_EQ(text_of(sheet, "gru", "published valid"), "0.970");
  EXPECT_EQ(text_of(sheet, "gru", "published train"), "0.990");
  EXPECT_EQ(text_of(sheet, "lstm", "published NLL"), "-");
}

TEST(SeveralMetrics, PublishedFiguresKeepWholeNumbersAndExponents) {
  StudyResults results = copying();
  const auto published = [&](double figure, int decimals) {
    results.problems[0].metrics[0].decimals = decimals;
    results.published = {
        {"A 2014", "copy", "gru", {{"accuracy", figures_of(not_known, not_known, figure)}}}};
    return text_of(sheet_of(results, "Results on copy"), "gru", "published");
  };
  EXPECT_EQ(published(120.0, 0), "120");
  EXPECT_EQ(published(98.0, 1), "98.0");
  EXPECT_EQ(published(0.5, 2), "0.50");
  EXPECT_EQ(published(0.5, 3), "0.50");
  EXPECT_EQ(published(0.125, 3), "0.125");
  EXPECT_EQ(published(1e10, 3), "1.000e+10");
}

// Five finished seeds, of which three came to the goal, and one that diverged after it had.
StudyResults with_a_goal() {
  StudyResults results = two_problems();
  const StudyProblem copy = results.problems[0];
  const double updates[] = {100, not_known, 200, 600, not_known, 5};
  results.trials.erase(results.trials.begin(), results.trials.begin() + 6);
  for (std::size_t seed = 0; seed < 6; ++seed) {
    results.trials.push_back(trial_on(copy, "gru", seed + 1, 0.9));
    results.trials.back().updates_to_goal = updates[seed];
  }
  results.trials.back().status = "diverged";
  results.trials.push_back(trial_on(copy, "lstm", 1, 0.9));
  results.trials.back().status = "running";
  return results;
}

TEST(AGoal, IsCountedInFinishedSeeds) {
  const StudyResults results = with_a_goal();
  const Report report(results);
  const Sheet copy = sheet_of(report, "Results on copy");
  EXPECT_EQ(text_of(copy, "gru", "solved"), "3/5");
  EXPECT_EQ(text_of(copy, "gru", "updates to goal"), "300");
  EXPECT_EQ(text_of(copy, "lstm", "solved"), "-");
  EXPECT_EQ(text_of(copy, "lstm", "updates to goal"), "-");
  EXPECT_THAT(copy.notes,
              Contains(HasSubstr("whose accuracy on validation came to 0.95 or better")));
  const Sheet adding = sheet_of(report, "Results on adding");
  EXPECT_THAT(titles_of(adding), Not(Contains("solved")));
  EXPECT_THAT(adding.notes, Not(Contains(HasSubstr("solved"))));
  const Sheet trials = trial_sheet(results);
  const auto titles = titles_of(trials);
  const auto column = std::find(titles.begin(), titles.end(), "updates to goal") - titles.begin();
  ASSERT_LT(column, std::ssize(titles));
  EXPECT_EQ(trials.rows[0].texts[static_cast<std::size_t>(column)], "-");
  EXPECT_EQ(trials.rows[6].texts[static_cast<std::size_t>(column)], "100");
}

TEST(AGoal, HasAColumnOfTheTerminalTable) {
  const std::string table = result_table(with_a_goal());
  expect_80_columns(table);
  const auto lines = lines_of(table);
  EXPECT_THAT(lines[0], HasSubstr("solved"));
  EXPECT_THAT(table, HasSubstr("\nsolved: finished seeds that reached the task's goal"));
  int with_three = 0, on_adding = 0;
  for (const std::string& line : lines) {
    if (line.rfind("gru ", 0) != 0) continue;
    with_three += line.find(" 3/5 ") != std::string::npos;
    on_adding += line.find(" - ") != std::string::npos;
  }
  EXPECT_EQ(with_three, 1);
  EXPECT_EQ(on_adding, 1);
  StudyResults music = study_on({"tunes"});
  music.trials = {finished_trial("gru", 1, 8.0)};
  EXPECT_THAT(result_table(music), Not(HasSubstr("solved")));
}

TEST(TerminalTable, SaysWhatEachProblemsFiguresAre) {
  const std::string table = result_table(two_problems());
  EXPECT_TRUE(holds(table,
                    "\ncopy: accuracy (higher is better)\nadding: mean squared error (lower is "
                    "better)\ntrain, valid, test: these figures, at the best epoch,"));
  expect_80_columns(table);
  const std::string one = result_table(copying());
  EXPECT_TRUE(holds(one, "\ntrain, valid, test: accuracy (higher is better), at the best epoch,"));
  // Problems with the same figure share a line.
  StudyResults results = two_problems();
  results.problems.push_back(results.problems[1]);
  results.problems[2].name = "sums";
  results.trials.push_back(trial_on(results.problems[2], "gru", 1, 0.5));
  EXPECT_TRUE(
      holds(result_table(results), "\nadding, sums: mean squared error (lower is better)\n"));
}

TEST(TerminalTable, StaysWithin80ColumnsWhateverItNames) {
  StudyResults results = with_a_goal();
  results.problems[0].metrics[0].title = std::string(90, 't') + " of a share with a long title";
  results.problems[0].metrics[0].unit =
      "right answers of all that were asked for in a test of copies";
  results.problems[0].metrics[0].decimals = 6;
  results.problems[1].name = std::string(120, 'p') + " with a\nlong name";
  int seed = 0;
  for (TrialRecord& trial : results.trials) {
    if (trial.dataset == "adding") trial.dataset = results.problems[1].name;
    trial.cell = "gru_" + std::string(90, 'x') + (trial.cell == "gru" ? "_one" : "_two");
    trial.hidden = 100000;
    trial.cell_parameters = 123456789;
    trial.learning_rate = ++seed % 2 == 0 ? 0.00012345 : 0.1;
    trial.seconds = 1e6;
    for (double& figure : trial.figures["mse"].values) figure *= -1e9;
  }
  for (std::size_t at = 0; at < 3; ++at) {
    TrialRecord lost = results.trials[at];
    lost.draw = 7;
    lost.selected = false;
    lost.status = "diverged";
    results.trials.push_back(lost);
  }
  const std::string table = result_table(results);
  expect_80_columns(table);
  EXPECT_THAT(table, HasSubstr(" 3/5"));
  EXPECT_THAT(table, HasSubstr("\nwith a?long name: mean squared error (lower is better)\n"));
  EXPECT_THAT(table, HasSubstr("_one "));
  EXPECT_THAT(table, HasSubstr("_two "));
  EXPECT_THAT(table, HasSubstr("draws of the search diverged."));
  results.problems[1].metrics = results.problems[0].metrics;
  expect_80_columns(result_table(results));
}

TEST(Format, WrapsAtWords) {
  EXPECT_EQ(wrap("one two three", 7), "one two\nthree\n");
  EXPECT_EQ(wrap("one two three", 13), "one two three\n");
  EXPECT_EQ(wrap("one two three", 12), "one two\nthree\n");
  EXPECT_EQ(wrap("± ± ±", 3), "± ±\n±\n") << "by columns, not by bytes";
  EXPECT_EQ(wrap("a verylongword b", 6), "a\nver…rd\nb\n");
  EXPECT_EQ(wrap("one", 1), "…\n");
}

TEST(SkippedTrials, HaveTheirOwnCount) {
  StudyResults results = copying();
  results.trials[0].status = "diverged";
  results.trials[1].status = results.trials[2].status = "skipped";
  results.trials[1].selected = results.trials[2].selected = false;
  const std::string page = report_page(results);
  EXPECT_TRUE(holds(page, "Trials: 6 (3 finished, 1 diverged, 2 skipped)."));
  EXPECT_TRUE(holds(page, "<td>skipped</td>"));
}

// What has the interval of a bootstrap says the same wherever it stands.
TEST(Report, IsTheSameInEveryFormat) {
  const StudyResults results = two_problems();
  const Report report(results);
  const std::string page = report_page(report);
  const std::string markdown = table_markdown(report);
  const std::string latex = table_latex(report);
  int intervals = 0;
  for (const Sheet& sheet : report.sheets) {
    EXPECT_TRUE(holds(page, "<h2>" + sheet.title + "</h2>"));
    EXPECT_TRUE(holds(markdown, "## " + sheet.title + "\n"));
    EXPECT_TRUE(holds(latex, "\\caption{" + sheet.title + "}"));
    for (const SheetRow& row : sheet.rows) {
      for (std::size_t k = 1; k < row.texts.size(); ++k) {
        if (sheet.columns[k].title != "P(first better)") continue;
        ++intervals;
        EXPECT_TRUE(holds(page, ">" + row.texts[k] + "</td>"));
        EXPECT_TRUE(holds(markdown, " " + row.texts[k] + " |"));
        EXPECT_TRUE(holds(latex, " & " + row.texts[k]));
      }
    }
  }
  EXPECT_EQ(intervals, 3) << "two pairs and one over both problems";
  EXPECT_EQ(first_difference(report_page(results), page), "") << "a report made again is the same";
  EXPECT_EQ(first_difference(table_markdown(results), markdown), "");
  EXPECT_EQ(first_difference(table_latex(results), latex), "");
}

TEST(PlotFiles, HostileNamesReadBack) {
  StudyResults results = copying();
  const std::string cell = "the \"gru\",\nor so", problem = "copy, T=100";
  results.problems[0].name = problem;
  for (TrialRecord& trial : results.trials) {
    trial.dataset = problem;
    if (trial.cell == "gru") trial.cell = cell;
    trial.curve = {curve_point(1, 1.0, 0.5), curve_point(2, 2.0, 0.75)};
    trial.draw = 1;
  }
  for (const PlotFile& file : plots_csv(Report(results).plots)) {
    const auto rows = read_csv(file.text);
    ASSERT_FALSE(rows.empty()) << file.name;
    EXPECT_EQ(rows[0].at("dataset"), problem) << file.name;
    EXPECT_EQ(rows[0].at("cell"), cell) << file.name;
    EXPECT_EQ(rows[0].at("metric"), "accuracy") << file.name;
    EXPECT_EQ(rows.back().at("cell"), "lstm") << file.name;
  }
}

}  // namespace
}  // namespace carousel
