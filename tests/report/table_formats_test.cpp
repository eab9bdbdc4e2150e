// The tables as Markdown and LaTeX.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "report/format.hpp"
#include "report/sample.hpp"
#include "report/table.hpp"
#include "report/table_sheets.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

std::vector<Sheet> sheets_of(const StudyResults& results) { return Report(results).sheets; }

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Two seeds of a cell with a search, two of another one, of which one diverged.
StudyResults small_study() {
  StudyResults results = study_on({"tunes"});
  for (int seed = 1; seed <= 2; ++seed) {
    for (const char* cell : {"gru", "rnn_tanh"}) {
      TrialRecord trial = finished_trial(cell, static_cast<std::uint64_t>(seed), 8.0 + 0.2 * seed);
      if (trial.cell == "gru") trial.draw = 1;
      results.trials.push_back(trial);
    }
  }
  TrialRecord draw = finished_trial("gru", 1, not_known);
  draw.draw = 2;
  draw.selected = false;
  draw.status = "diverged";
  results.trials.push_back(draw);
  results.trials[3].status = "diverged";
  results.problems[0].baselines = {baseline_of("independent keys", 11.09125)};
  results.published = {published_nll("A & B 2014, 100 %", "tunes", "gru", 6.94, 8.5),
                       published_nll("A & B 2014, 100 %", "tunes", "TCN <x>", 7.25, 8.1),
                       published_nll("A & B 2014, 100 %", "other set", "gru", 1.0, 2.0)};
  return results;
}

std::vector<std::string> titles_of(const Sheet& sheet) {
  std::vector<std::string> titles;
  for (const SheetColumn& column : sheet.columns) titles.push_back(column.title);
  return titles;
}

TEST(TableSheets, HoldOurRowsBaselinesAndPublishedFigures) {
  const auto sheets = sheets_of(small_study());
  ASSERT_EQ(sheets.size(), 2U);
  EXPECT_EQ(sheets[0].title, "Results on tunes");
  EXPECT_THAT(
      titles_of(sheets[0]),
      ElementsAre("model", "units", "test", "published", "test NLL by sequence", "valid", "train",
                  "published train", "rate", "draws", "seeds", "params", "epoch", "sec", "memory"));
  const auto& rows = sheets[0].rows;
  ASSERT_EQ(rows.size(), 7U);
  EXPECT_EQ(rows[0].heading, "this study");
  // Of 8.2 and 8.4: 8.3, and t of 1 degree of freedom, 12.706, times 0.1.
  EXPECT_THAT(rows[1].texts,
              ElementsAre("gru", "36", "8.300 ± 1.271", "8.50", "8.050 ± 1.271", "8.800", "7.300",
                          "6.94", "0.001", "2 (1 div)", "2", "8000", "10", "40.0", "12.3 MB"));
  EXPECT_THAT(rows[2].texts,
              ElementsAre("rnn_tanh", "36", "8.200", "-", "7.950", "8.700", "7.200", "-", "0.001",
                          "-", "1/2 (1 div)", "8000", "10", "40.0", "12.3 MB"));
  EXPECT_EQ(rows[3].heading, "baselines");
  EXPECT_THAT(rows[4].texts, ElementsAre("independent keys", "-", "11.091", "-", "-", "-", "-", "-",
                                         "-", "-", "-", "-", "-", "-", "-"));
  EXPECT_EQ(rows[5].heading, "A & B 2014, 100 %");
  EXPECT_THAT(rows[6].texts, ElementsAre("TCN <x>", "-", "8.10", "-", "-", "-", "7.25", "-", "-",
                                         "-", "-", "-", "-", "-", "-"));
  EXPECT_EQ(sheets[0].notes.back(), "published: A & B 2014, 100 %.");
}

TEST(TableSheets, PublishedFiguresHaveAColumnForEachSource) {
  StudyResults results = small_study();
  results.published.push_back(published_nll("C 2015", "tunes", "gru", not_known, 9.75));
  const Sheet sheet = sheets_of(results)[0];
  const auto titles = titles_of(sheet);
  EXPECT_EQ(titles[3], "published, A & B 2014, 100 %");
  EXPECT_EQ(titles[4], "published, C 2015");
  EXPECT_THAT(titles, Not(testing::Contains("published train, C 2015"))) << "it has no such figure";
  EXPECT_EQ(sheet.rows[1].texts[3], "8.50");
  EXPECT_EQ(sheet.rows[1].texts[4], "9.75");
}

TEST(TableSheets, ShowPairsWithIntervalsAndCorrectedPs) {
  StudyResults results = small_study();
  results.trials[3].status = "done";
  nll_of(results.trials[3], Split::test) = 8.9;
  const Sheet pairs = sheets_of(results)[1];
  EXPECT_EQ(pairs.title, "Pairs on tunes");
  EXPECT_THAT(titles_of(pairs), ElementsAre("pair", "difference", "seeds", "p paired t",
                                            "p Wilcoxon", "p Welch", "P(first better)"));
  ASSERT_EQ(pairs.rows.size(), 1U);
  // Differences 0 and -0.5: t = -1, p = 0.5 at one degree of freedom; -0.25 -+ 12.706 * 0.25.
  EXPECT_EQ(pairs.rows[0].texts[0], "gru - rnn_tanh");
  EXPECT_EQ(pairs.rows[0].texts[1], "-0.250 [-3.427, 2.927]");
  EXPECT_EQ(pairs.rows[0].texts[2], "2");
  EXPECT_EQ(pairs.rows[0].texts[3], "0.500 (0.500)");
  EXPECT_EQ(pairs.rows[0].texts[4], "1.000 (1.000)");
  // Of four pairs of seeds two wins and a tie.
  EXPECT_THAT(pairs.rows[0].texts[6], HasSubstr("0.625 ["));
}

TEST(TableSheets, LeaveOutColumnsWithoutAValue) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("gru", 1, 8.0)};
  results.trials[0].memory = 0;
  EXPECT_THAT(titles_of(sheets_of(results)[0]), Not(testing::Contains("memory")));
  EXPECT_THAT(titles_of(sheets_of(results)[0]), Not(testing::Contains("draws")));
  EXPECT_THAT(titles_of(sheets_of(results)[0]), testing::Contains("seeds"));
  EXPECT_TRUE(sheets_of(StudyResults()).empty());
}

TEST(TableSheets, OverSeveralDataSetsNameTheSets) {
  StudyResults results = small_study();
  for (TrialRecord trial : small_study().trials) {
    trial.dataset = "songs";
    results.trials.push_back(trial);
  }
  results.problems.push_back(results.problems[0]);
  results.problems[1].name = "songs";
  const auto sheets = sheets_of(results);
  ASSERT_EQ(sheets.size(), 6U);
  EXPECT_EQ(sheets[4].title, "Cells over data sets");
  EXPECT_THAT(titles_of(sheets[4]), ElementsAre("model", "tunes", "songs", "relative"));
  const auto& tanh = sheets[4].rows[1].texts;
  EXPECT_THAT(tanh, ElementsAre("rnn_tanh", "8.200", "8.200", HasSubstr("0.739")));  // 8.2/11.09125
  EXPECT_THAT(sheets[4].notes[1], HasSubstr("tunes, songs"));
  EXPECT_EQ(sheets[5].rows[0].texts[0], "gru - rnn_tanh");
}

TEST(Table, NamesEachDataSetOnce) {
  StudyResults results = study_on({"a", "b"});
  for (const char* set : {"a", "b"}) {
    for (const char* cell : {"gru", "lstm"}) {
      results.trials.push_back(finished_trial(cell, 1, 7.0));
      results.trials.back().dataset = set;
    }
  }
  const std::string table = result_table(Report(results));
  const auto times = [&](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = table.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(times("data set a:\n"), 1u);
  EXPECT_EQ(times("data set b:\n"), 1u);
  EXPECT_LT(table.find("data set a:"), table.find("data set b:"));
}

TEST(Markdown, IsATableWithEscapedNames) {
  StudyResults results = small_study();
  results.trials[1].cell = results.trials[3].cell = "a|b\n<i>_*[x](y)c_d";
  const std::string text = table_markdown(results);
  EXPECT_TRUE(
      holds(text, "## Results on tunes\n\n| model | units | test | published | test NLL by"));
  EXPECT_TRUE(holds(text, "\n|---|---:|---:|"));
  EXPECT_TRUE(holds(text, "\n| **this study** |  |"));
  EXPECT_TRUE(holds(text,
                    "\n| gru | 36 | 8.300 ± 1.271 | 8.50 | 8.050 ± 1.271 | 8.800 | 7.300 | "
                    "6.94 | 0.001 | 2 (1 div) | 2 | 8000 | 10 | 40.0 | 12.3 MB |\n"));
  EXPECT_TRUE(holds(text, "| a\\|b?\\<i>\\_\\*[x\\](y)c_d |"));
  EXPECT_TRUE(holds(text, "| **A \\& B 2014, 100 %** |"));
  // As many bars, but those escaped, in each row of the first table.
  std::istringstream in(text);
  for (std::string line; std::getline(in, line) && line.rfind("## Pairs", 0) != 0;) {
    if (line.empty() || line[0] != '|') continue;
    int bars = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
      bars += line[at] == '|' && (at == 0 || line[at - 1] != '\\');
    }
    EXPECT_EQ(bars, 16) << line;
  }
  EXPECT_EQ(table_markdown(StudyResults()), "No trials.\n");
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
  return found;
}

// Of a paper too: in the title of its column, in a cell and in a note.
TEST(Markdown, APublishedSourceNeitherEndsARowNorACell) {
  StudyResults results = small_study();
  const std::string plain = table_markdown(Report(results));
  for (PublishedResult& published : results.published) {
    published.source = "A | B\n| C\r|";
    published.dataset = "tunes";
  }
  const std::string odd = table_markdown(Report(results));
  EXPECT_TRUE(holds(odd, "A \\| B?\\| C?\\|"));
  std::istringstream lines(odd);
  std::ptrdiff_t bars = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(line.starts_with("\\|")) << line;
    std::ptrdiff_t own = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
      own += line[at] == '|' && (at == 0 || line[at - 1] != '\\');
    }
    const bool row = !line.empty() && line[0] == '|';
    if (row && bars > 0) {
      EXPECT_EQ(own, bars) << line;
    }
    bars = row ? own : 0;
  }
}

TEST(Latex, IsABooktabsTableWithEscapedNames) {
  StudyResults results = small_study();
  results.trials[1].cell = results.trials[3].cell = "a_b&{c}\\d~e^f#$<g>\n";
  const std::string text = table_latex(results);
  EXPECT_TRUE(holds(text, "\\begin{tabular}{lrrrrrrrrrrrrrr}\n\\toprule\nmodel & units & test &"));
  EXPECT_TRUE(holds(text,
                    "\ngru & 36 & 8.300 $\\pm$ 1.271 & 8.50 & 8.050 $\\pm$ 1.271 & 8.800 & "
                    "7.300 & 6.94 & 0.001 & 2 (1 div) & 2 & 8000 & 10 & 40.0 & 12.3 MB "
                    "\\\\\n"));
  EXPECT_TRUE(holds(text,
                    "a\\_b\\&\\{c\\}\\textbackslash{}d\\textasciitilde{}e"
                    "\\textasciicircum{}f\\#\\$$<$g$>$?"));
  EXPECT_TRUE(holds(text, "\\midrule\n\\multicolumn{15}{l}{\\emph{A \\& B 2014, 100 \\%}} \\\\\n"));
  EXPECT_TRUE(holds(text, "independent keys & -- & 11.091 & -- & --"));
  for (const char* name : {"table*", "adjustbox", "tabular"}) {
    EXPECT_EQ(count(text, std::string("\\begin{") + name), 2U);
    EXPECT_EQ(count(text, std::string("\\end{") + name), 2U);
  }
  EXPECT_EQ(count(text, "\\bottomrule"), 2U);
}

// "[" and "*" behind the end of a row would be arguments of it.
TEST(Latex, NamesThatBeginLikeAnArgumentAreGrouped) {
  StudyResults results = small_study();
  results.trials[0].cell = results.trials[2].cell = results.trials[4].cell = "[g]*";
  results.trials[1].cell = results.trials[3].cell = "*g";
  EXPECT_TRUE(holds(table_latex(results), "\n{[}g]* & 36 & 8.300"));
  EXPECT_TRUE(holds(table_latex(results), "\n{*}g & 36 & \\textbf{8.200}"));
}

TEST(Latex, SetsNegativeNumbersAndDifferencesInMathsMode) {
  StudyResults results = small_study();
  results.trials[3].status = "done";
  nll_of(results.trials[3], Split::test) = 8.9;
  EXPECT_TRUE(holds(table_latex(results),
                    "gru $-$ rnn\\_tanh & $-$0.250 [$-$3.427, 2.927] & 2 & 0.500 (0.500)"));
}

TEST(Table, NamesRateAndDivergedDrawsOfASearch) {
  const std::string table = result_table(small_study());
  EXPECT_TRUE(holds(table, " rate "));
  EXPECT_TRUE(holds(table, "\ngru: 1 of 2 draws of the search diverged.\n"));
  EXPECT_FALSE(holds(table, "rnn_tanh:"));
  std::istringstream in(table);
  for (std::string line; std::getline(in, line);) EXPECT_LE(display_width(line), 80) << line;
}

TEST(Format, OfSmallPsBytesAndRates) {
  EXPECT_EQ(format_p(0.0312), "0.031");
  EXPECT_EQ(format_p(0.0004), "< 0.001");
  EXPECT_EQ(format_p(not_known), "-");
  EXPECT_EQ(format_bytes(0), "-");
  EXPECT_EQ(format_bytes(640000), "640 kB");
  EXPECT_EQ(format_bytes(12300000), "12.3 MB");
  EXPECT_EQ(format_bytes(1250000000), "1.2 GB");
  EXPECT_EQ(format_rate(0.0), "-");
  EXPECT_EQ(format_rate(0.00012346), "0.0001235");
}

TEST(Table, SaysWhatItsRateIs) {
  EXPECT_TRUE(holds(result_table(small_study()),
                    "\nrate: the learning rate, the best draw of a search on validation.\n"));
}

// A report of one sheet.
std::string written(std::string (*format)(const Report&), const Sheet& sheet) {
  const StudyResults results = small_study();
  Report report(results);
  report.sheets = {sheet};
  return format(report);
}

Sheet two_groups() {
  return {
      "Groups",
      {{"name", false}, {"value"}},
      {{"first", {}}, {"", {"a_b", "1"}}, {"", {"_c d_", "-2"}}, {"second", {}}, {"", {"x", "5%"}}},
      {}};
}

TEST(Latex, OnlyHeadingsSpanTheTableAndOnlyLaterOnesHaveARule) {
  const std::string text = written(table_latex, two_groups());
  EXPECT_EQ(count(text, "\\multicolumn{2}{l}{\\emph{"), 2U);
  EXPECT_EQ(count(text, "\\midrule"), 2U) << "below the titles, and above the second heading";
  EXPECT_TRUE(holds(
      text, "{lr}\n\\toprule\nname & value \\\\\n\\midrule\n\\multicolumn{2}{l}{\\emph{first}}"));
  EXPECT_TRUE(holds(text, "& $-$2 \\\\\n\\midrule\n\\multicolumn"));
}

TEST(Markdown, LeavesMarksInsideWordsAndEscapesThoseAtTheirEnds) {
  const std::string text = written(table_markdown, two_groups());
  EXPECT_TRUE(holds(text, "| a_b | 1 |"));
  EXPECT_TRUE(holds(text, "| \\_c d\\_ | -2 |"));
  EXPECT_TRUE(holds(text, "| **first** |"));
  EXPECT_EQ(text.substr(0, text.find("\n| **first")).substr(text.find("| name")),
            "| name | value |\n|---|---:|");
}

TEST(Markdown, EndsWithOneLineBreak) {
  const std::string text = written(table_markdown, two_groups());
  EXPECT_EQ(text.back(), '\n');
  EXPECT_NE(text[text.size() - 2], '\n');
}

}  // namespace
}  // namespace carousel
