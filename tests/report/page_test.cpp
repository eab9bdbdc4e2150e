// The HTML page: safe with hostile texts, whole, and free of the network.

#include "report/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <sstream>
#include <utility>

#include "report/html.hpp"
#include "report/sample.hpp"
#include "tensor/error.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

namespace fs = std::filesystem;

const std::string kHostile = "</script><b>&\"'<!--{{study}}";

class Page : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("carousel_page_") + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

StudyResults sample_results(const std::string& text) {
  StudyResults results = study_on({text});
  results.study = text;
  results.problems[0].description = text;
  results.study_yaml = "cells: [" + text + "]";
  results.provenance = {text, {{text, text}}, {{{text, text}}}, {text}};
  results.cell_texts = {{text, text}};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    TrialRecord trial = finished_trial(text, seed, 8.0);
    trial.variant = text;
    trial.dataset = text;
    trial.curve = {curve_point(1, 1.0, 9.0), curve_point(2, 2.5, 8.5)};
    results.trials.push_back(trial);
  }
  results.trials[2].status = "diverged";
  results.trials[2].curve[1].valid[0] = std::numeric_limits<double>::infinity();
  return results;
}

std::string read_whole(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string chart_data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"chart-data\">";
  const std::size_t from = page.find(open) + open.size();
  return page.substr(from, page.find("</script", from) - from);
}

TEST_F(Page, HostileNamesStayText) {
  StudyResults results = sample_results(kHostile);
  results.description = kHostile;
  results.problems[0].baselines = {baseline_of(kHostile, 1.0)};
  MetricInfo& metric = results.problems[0].metrics[0];
  metric.title = metric.unit = kHostile;
  results.published = {published_nll(kHostile, kHostile, kHostile, 1.0, 1.0),
                       published_nll(kHostile, kHostile, results.trials[0].name(), 1.0, 1.0)};
  TrialRecord other = results.trials[0];
  other.cell = "other" + kHostile;
  other.status = kHostile;
  results.trials.push_back(other);
  StudyExhibit roll{kHostile, kHostile, {"roll", kHostile, {}, {{"lowest", 21.0}}}};
  for (const char* array : {"notes", "expected"}) {
    roll.exhibit.arrays[array] = Tensor<float>::zeros({1, 1});
  }
  StudyExhibit lines{kHostile, kHostile, {"lines", kHostile, {}, {{"first", 1.0}}}};
  lines.exhibit.texts = {{"x_title", kHostile}, {"y_title", kHostile}};
  lines.exhibit.arrays[kHostile] = Tensor<float>::zeros({1});
  StudyExhibit matrix{kHostile, kHostile, {"matrix", kHostile, {}, {}}};
  matrix.exhibit.arrays["values"] = Tensor<float>::full({1, 1}, 1.0f);
  for (const char* name : {"rows", "columns", "row_title", "column_title"}) {
    matrix.exhibit.texts[name] = kHostile;
  }
  StudyExhibit text{kHostile, kHostile, {"text", kHostile, {}, {}}};
  text.exhibit.texts = {{"prime", kHostile}, {"text", kHostile}};
  results.exhibits = {roll, lines, matrix, text};
  const std::string page = report_page(results);
  EXPECT_EQ(count_of(page, "<b>"), count_of(chart_data_of(page), "<b>"));
  EXPECT_EQ(count_of(page, "</script>"), 4) << "those of the template and no other";
  EXPECT_EQ(count_of(page, "<!--"), 0);
  EXPECT_TRUE(holds(page, "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;&lt;!--{{study}}"));
  EXPECT_TRUE(holds(chart_data_of(page), R"(<\/script><b>&\"'\u003c!--{{study}})"));
}

TEST_F(Page, LoadsNothing) {
  const std::string page = report_page(sample_results("https://example.org/"));
  // Each of these makes a browser fetch something, unless it is a data: address.
  const std::regex load(R"((src|href|srcset|action)\s*=\s*["']?\s*(https?:|//))");
  EXPECT_FALSE(std::regex_search(page, load));
  EXPECT_FALSE(holds(page, "@import"));
  EXPECT_FALSE(holds(page, "<script src"));
  EXPECT_TRUE(holds(page, "default-src 'none'"));
}

TEST_F(Page, ShowsEveryTrialWithItsStatus) {
  StudyResults results = sample_results("x");
  results.trials[1].status = "running";
  results.trials.push_back(results.trials[0]);
  results.trials[3].status = "waiting";
  const std::string page = report_page(results);
  for (const char* status : {"done", "running", "diverged", "waiting"}) {
    EXPECT_TRUE(holds(page, std::string("<td>") + status + "</td>"));
  }
  EXPECT_TRUE(holds(page, "Trials: 4 (1 finished, 1 diverged, 1 running, 1 waiting)."));
}

// The texts of the row of a table that begins with this name, in the first table that has it.
std::vector<std::string> row_of(const std::string& page, const std::string& table,
                                const std::string& name) {
  const std::size_t begin = page.find("aria-label=\"" + table + "\"");
  const std::size_t at = page.find("<th scope=\"row\">" + name + "</th>", begin);
  if (begin == std::string::npos || at == std::string::npos) return {"no such row"};
  const std::string row = page.substr(at, page.find("</tr>", at) - at);
  std::vector<std::string> texts;
  const std::regex cell("<td[^>]*>([^<]*)</td>");
  for (std::sregex_iterator it(row.begin(), row.end(), cell), end; it != end; ++it) {
    texts.push_back((*it)[1]);
  }
  return texts;
}

StudyResults study_of_two_sets() {
  StudyResults results = study_on({"songs", "tunes"});
  for (StudyProblem& problem : results.problems) {
    for (const char* cell : {"lstm", "gru"}) {
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        TrialRecord trial = finished_trial(cell, seed, 8.0 + 0.5 * static_cast<double>(seed));
        trial.dataset = problem.name;
        if (trial.cell == "gru") {
          nll_of(trial, Split::test) -= 1.0 + 0.1 * static_cast<double>(seed);
        }
        results.trials.push_back(trial);
      }
    }
    problem.baselines = {baseline_of("independent keys", 11.5)};
    problem.baselines[0].figures["nll_by_sequence"][Split::test] = 11.25;
  }
  results.published = {published_nll("Paper A", "songs", "lstm", 8.125, 9.5),
                       published_nll("Paper B", "songs", "other <net>", not_known, 7.25)};
  return results;
}

TEST_F(Page, TablesHaveTheirRowsHeadingsAndNotes) {
  const std::string page = report_page(study_of_two_sets());
  // Test NLLs 8.5, 9, 9.5: deviation 0.5, and Student's t for 2 degrees of freedom is 4.30265.
  EXPECT_THAT(row_of(page, "Results on songs", "lstm"),
              ElementsAre("36", "9.000 ± 1.242", "9.50", "8.750 ± 1.242", "9.500", "8.000", "8.125",
                          "0.001", "3", "8000", "10", "40.0", "12.3 MB"));
  EXPECT_THAT(row_of(page, "Results on songs", "other &lt;net&gt;"), Contains("7.25"));
  EXPECT_TRUE(holds(page, "colspan=\"14\"><span>Paper B</span></th></tr>"));
  EXPECT_TRUE(holds(page, "aria-label=\"Results on songs\">\n<table style=\"--columns:14\">"))
      << "by which it is made to fit paper";
  EXPECT_TRUE(
      holds(page, "published: Paper A. Bold: the best figure of its column in this study.</p>"));
  EXPECT_THAT(row_of(page, "Results on tunes", "lstm"), SizeIs(11))
      << "no published figure, no column for it";
}

TEST_F(Page, PairsAndAllDataSetsTogether) {
  const std::string page = report_page(study_of_two_sets());
  // Differences 1.1, 1.2, 1.3: mean 1.2, deviation 0.1, t = 1.2 / (0.1 / sqrt 3) = 20.785, and for
  // 2 degrees of freedom p = 1 - t / sqrt(2 + t^2) = 0.0023; a single pair needs no correction.
  const auto pair = row_of(page, "Pairs on songs", "lstm - gru");
  ASSERT_THAT(pair, SizeIs(6));
  EXPECT_EQ(pair[0], "1.200 [0.952, 1.448]");
  EXPECT_EQ(pair[1], "3");
  EXPECT_EQ(pair[2], "0.002 (0.002)");
  EXPECT_THAT(row_of(page, "Cells over data sets", "gru"),
              ElementsAre("7.800 ± 0.994", "7.800 ± 0.994", StartsWith("0.678 [")));
  EXPECT_THAT(row_of(page, "Cells over data sets", "lstm"), Contains(StartsWith("0.783 [")));
  EXPECT_THAT(row_of(page, "Pairs over data sets", "lstm - gru"), SizeIs(1));
}

// Every sentence that stands in a paragraph.
std::vector<std::string> paragraphs_of(const std::string& page) {
  std::vector<std::string> found;
  const std::regex paragraph("<p( class=\"[^\"]*\")?>([^<]*)</p>");
  for (std::sregex_iterator it(page.begin(), page.end(), paragraph), end; it != end; ++it) {
    std::istringstream in((*it)[2]);
    std::string sentence;
    for (std::string word; in >> word;) {
      sentence += word + " ";
      if (word.back() == '.' && sentence.size() > 40) found.push_back(std::exchange(sentence, ""));
    }
    if (!sentence.empty()) found.push_back(sentence);
  }
  return found;
}

TEST_F(Page, SaysNothingTwice) {
  StudyResults results = study_of_two_sets();
  for (StudyProblem& problem : results.problems) problem.description = "The same data for both.";
  const std::size_t count = results.trials.size();
  for (std::size_t k = 0; k < count; ++k) {  // changes of both cells, so that sheets are of a kind
    results.trials.push_back(results.trials[k]);
    results.trials.back().variant = "NIG";
    results.trials.back().cell_parameters = 7000;
  }
  std::vector<std::string> said = paragraphs_of(report_page(results));
  ASSERT_GT(said.size(), 20U);
  std::sort(said.begin(), said.end());
  const auto twice = std::adjacent_find(said.begin(), said.end());
  EXPECT_EQ(twice, said.end()) << *twice;
}

// The script puts a button into each caption, and names the file by what the picture is labelled.
TEST_F(Page, EachPictureHasACaptionAndALabelToBeSavedBy) {
  const std::string page = report_page(study_of_two_sets());
  EXPECT_EQ(count_of(page, "<figure>\n<figcaption>"), 2);
  EXPECT_EQ(count_of(page, "<svg class=\"rows\" viewBox="), 2);
  EXPECT_EQ(count_of(page, "role=\"img\" aria-label=\"Test figure of each seed and cell on "), 2);
  EXPECT_TRUE(holds(page, "'Save as SVG'"));
  EXPECT_LT(page.find("window.Path2D = undefined"), page.find("Chart.js v"))
      << "lines must be drawn in a way that can be saved";
}

// The script draws them; names that are markup stay text.
TEST_F(Page, MapsHaveASectionAndTheirNamesAreSafe) {
  StudyResults results = sample_results("x");
  results.exhibits = {{"x",
                       "x",
                       {"map",
                        "words",
                        {{"places", Tensor<float>::zeros({2, 2})}},
                        {},
                        {{"labels", "</script>\n<b>"}}}}};
  const std::string page = report_page(results);
  EXPECT_TRUE(holds(page, "<h2>Maps</h2>\n<div id=\"maps\"></div>"));
  EXPECT_TRUE(holds(page, R"("labels":["<\/script>","<b>"])"));
  EXPECT_TRUE(holds(page, "addMaps(document.getElementById('maps'), page.maps)"));
}

TEST_F(Page, WhatAStudyDoesNotHaveIsLeftOut) {
  const std::string page = report_page(sample_results("x"));
  for (const char* title : {"Cells over data sets", "Pairs on", "Piano roll", "Values step by step",
                            "Matrices", "Maps", "Written text"}) {
    EXPECT_FALSE(holds(page, std::string("<h2>") + title)) << title;
  }
  EXPECT_FALSE(holds(page, "Draws of the search"));
  EXPECT_TRUE(holds(page, "<h2>Every trial</h2>"));
}

TEST_F(Page, AnExhibitOfAnUnknownKindIsPassedOver) {
  StudyResults results = sample_results("x");
  const std::string page = report_page(results);
  results.exhibits = {{"x", "x", {"sculpture", "a title", {}, {}}}};
  EXPECT_EQ(first_difference(report_page(results), page), "");
}

TEST_F(Page, ASearchShowsItsRateAndItsDivergedDraws) {
  StudyResults results = study_on({"tunes"});
  for (int draw = 1; draw <= 3; ++draw) {
    TrialRecord trial = finished_trial("lstm", 1, 8.0);
    trial.draw = draw;
    trial.learning_rate = 0.001 * draw;
    trial.selected = draw == 2;
    if (draw == 3) trial.status = "diverged";
    results.trials.push_back(trial);
  }
  TrialRecord second = finished_trial("lstm", 2, 8.0);
  second.learning_rate = 0.002;
  second.status = "waiting";
  results.trials.push_back(second);
  const std::string page = report_page(results);
  EXPECT_TRUE(holds(page, "Draws of the search"));
  EXPECT_THAT(row_of(page, "Results on tunes", "lstm"),
              ElementsAre("36", "8.000", "7.750", "8.500", "7.000", "0.002", "3 (1 div)", "1/2",
                          "8000", "10", "40.0", "12.3 MB"));
}

TEST_F(Page, AStudyWithoutTrialsMakesAPage) {
  EXPECT_TRUE(holds(report_page(StudyResults()), "Trials: 0 (0 finished)."));
  StudyResults changed;
  changed.provenance.accepted = {"isa: 'avx2' in the run, 'avx512' now"};
  EXPECT_TRUE(holds(report_page(changed),
                    "after changes: isa: &#39;avx2&#39; in the run, &#39;avx512&#39; now."));
}

TEST_F(Page, IsWrittenWholeAndLeavesNoDraft) {
  const fs::path file = folder_ / "report.html";
  std::ofstream(file) << "an older report";
  const StudyResults results = sample_results("x");
  write_report(file, results);
  const std::string page = read_whole(file);
  EXPECT_EQ(first_difference(page, report_page(results)), "");
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page, EndsWith("</html>\n"));
  EXPECT_FALSE(fs::exists(folder_ / "report.html.tmp"));
}

TEST_F(Page, AnUnwritableFolderIsAnEnvironmentError) {
  // Rights would not stop a test run by root; a file in place of the folder stops everyone.
  std::ofstream(folder_ / "file") << "no folder";
  EXPECT_THROW(write_report(folder_ / "file" / "report.html", StudyResults()), EnvironmentError);
  try {
    write_report(folder_ / "absent" / "report.html", StudyResults());
    FAIL() << "an absent folder must be an error";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("absent/report.html"));
    EXPECT_THAT(error.what(), HasSubstr("No such file or directory"));
  }
}

TEST_F(Page, AFullDiskIsAnEnvironmentErrorAndKeepsTheOldReport) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const fs::path file = folder_ / "report.html";
  std::ofstream(file) << "an older report";
  fs::create_symlink("/dev/full", folder_ / "report.html.tmp");
  EXPECT_THROW(write_report(file, sample_results("x")), EnvironmentError);
  EXPECT_EQ(first_difference(read_whole(file), "an older report"), "");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder_ / "report.html.tmp")));
}

TEST_F(Page, ATargetThatCannotBeReplacedIsAnEnvironmentError) {
  fs::create_directories(folder_ / "report.html" / "inside");
  EXPECT_THROW(write_report(folder_ / "report.html", StudyResults()), EnvironmentError);
  EXPECT_FALSE(fs::exists(folder_ / "report.html.tmp"));
}

TEST(Html, TemplateValuesAreNotReadAgain) {
  EXPECT_EQ(fill_template("a {{x}} b {{y}}", {{"x", "{{y}}"}, {"y", "2"}}), "a {{y}} b 2");
  EXPECT_THROW(fill_template("{{z}}", {}), BugError);
  EXPECT_THROW(fill_template("{{z", {}), BugError);
}

TEST(Html, ATableHasItsHeadAndARowForEachRow) {
  const Sheet sheet{
      "T", {{"name", false}, {"n"}}, {{"group", {}}, {"", {"a<", "1"}, {1}}, {"", {"b", "2"}}}, {}};
  const std::string html = html_table(sheet);
  EXPECT_EQ(count_of(html, "<tr"), 4);
  EXPECT_EQ(count_of(html, "</tr>"), 4);
  EXPECT_EQ(count_of(html, "<thead>"), 1);
  EXPECT_EQ(count_of(html, "</thead>"), 1);
  EXPECT_EQ(count_of(html, "<tbody>"), 1);
  EXPECT_EQ(count_of(html, "</tbody>"), 1);
  EXPECT_LT(html.find("</thead>"), html.find("<tbody>"));
  EXPECT_LT(html.find("a&lt;"), html.find(">b<"));
}

TEST(Html, JsonCanNotEndItsScript) {
  EXPECT_EQ(escape_json_for_script("</a<!b</"), "<\\/a\\u003c!b<\\/");
  EXPECT_EQ(escape_json_for_script("<a/>"), "<a/>");
}

TEST_F(Page, FoldsTheProtocolAndEveryTrialAndShowsTheMachine) {
  StudyResults results = sample_results("tunes");
  std::string page = report_page(results);
  EXPECT_EQ(count_of(page, "<summary>study.yaml</summary>"), 1);
  EXPECT_LT(page.find("Every trial</h2>"), page.find("<summary>The table</summary>"));
  const std::size_t machine = page.find("Machine</h2>");
  ASSERT_NE(machine, std::string::npos);
  EXPECT_EQ(page.find("<summary>The table</summary>", machine), std::string::npos);
  results.study_yaml.clear();
  page = report_page(results);
  EXPECT_EQ(count_of(page, "<summary>study.yaml</summary>"), 0);
}

}  // namespace
}  // namespace carousel
