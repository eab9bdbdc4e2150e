// The HTML page: safe with hostile texts, whole, and free of the network.

#include "report/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <sstream>

#include "report/html.hpp"
#include "report/sample.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
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
  StudyResults results;
  results.study = text;
  results.dataset_notes = {text};
  results.study_yaml = "cells: [" + text + "]";
  results.machine = {{text, text}};
  results.cell_texts = {{text, text}};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    TrialRecord trial = finished_trial(text, seed, 8.0);
    trial.variant = text;
    trial.dataset = text;
    trial.curve = {curve_point(1, 1.0, 9.0), curve_point(2, 2.5, 8.5)};
    results.trials.push_back(trial);
  }
  results.trials[2].status = "diverged";
  results.trials[2].curve[1].valid_nll = std::numeric_limits<double>::infinity();
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
  const std::string page = report_page(sample_results(kHostile));
  EXPECT_EQ(count_of(page, "<b>"), count_of(chart_data_of(page), "<b>"));
  EXPECT_EQ(count_of(page, "</script>"), 4) << "those of the template and no other";
  EXPECT_EQ(count_of(page, "<!--"), 0);
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;&lt;!--{{study}}"));
  EXPECT_THAT(chart_data_of(page), HasSubstr(R"(<\/script><b>&\"'\u003c!--{{study}})"));
}

TEST_F(Page, ChartDataIsTheExpectedJson) {
  const std::string page = report_page(sample_results("x"));
  EXPECT_EQ(chart_data_of(page),
            R"([{"dataset":"x","series":[{"label":"x+x","seeds":2,"points":)"
            R"([[1,1E0,9E0,9E0,9E0,8E0,2],[2,2.5E0,8.5E0,8.5E0,8.5E0,7.5E0,2]],)"
            R"("diverged":[{"seed":"3","points":[[1,1E0,9E0]]}]}]}])");
}

TEST_F(Page, LoadsNothing) {
  const std::string page = report_page(sample_results("https://example.org/"));
  // Each of these makes a browser fetch something, unless it is a data: address.
  const std::regex load(R"((src|href|srcset|action)\s*=\s*["']?\s*(https?:|//))");
  EXPECT_FALSE(std::regex_search(page, load));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, Not(HasSubstr("<script src")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST_F(Page, ShowsEverySeedWithItsStatus) {
  StudyResults results = sample_results("x");
  results.trials[1].status = "running";
  const std::string page = report_page(results);
  for (const char* status : {"done", "running", "diverged"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<td>") + status + "</td>"));
  }
  EXPECT_THAT(page, HasSubstr("Trials: 3 (1 finished, 1 diverged, 1 not finished yet)."));
}

TEST_F(Page, AStudyWithoutTrialsMakesAPage) {
  EXPECT_THAT(report_page({}), HasSubstr("Trials: 0 (0 finished)."));
}

TEST_F(Page, IsWrittenWholeAndLeavesNoDraft) {
  const fs::path file = folder_ / "report.html";
  std::ofstream(file) << "an older report";
  const StudyResults results = sample_results("x");
  write_report(file, results);
  const std::string page = read_whole(file);
  EXPECT_EQ(page, report_page(results));
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page, EndsWith("</html>\n"));
  EXPECT_FALSE(fs::exists(folder_ / "report.html.tmp"));
}

TEST_F(Page, AnUnwritableFolderIsAnEnvironmentError) {
  // Rights would not stop a test run by root; a file in place of the folder stops everyone.
  std::ofstream(folder_ / "file") << "no folder";
  EXPECT_THROW(write_report(folder_ / "file" / "report.html", {}), EnvironmentError);
  try {
    write_report(folder_ / "absent" / "report.html", {});
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
  EXPECT_EQ(read_whole(file), "an older report");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder_ / "report.html.tmp")));
}

TEST_F(Page, ATargetThatCannotBeReplacedIsAnEnvironmentError) {
  fs::create_directories(folder_ / "report.html" / "inside");
  EXPECT_THROW(write_report(folder_ / "report.html", {}), EnvironmentError);
  EXPECT_FALSE(fs::exists(folder_ / "report.html.tmp"));
}

TEST(Html, TemplateValuesAreNotReadAgain) {
  EXPECT_EQ(fill_template("a {{x}} b {{y}}", {{"x", "{{y}}"}, {"y", "2"}}), "a {{y}} b 2");
  EXPECT_THROW(fill_template("{{z}}", {}), BugError);
  EXPECT_THROW(fill_template("{{z", {}), BugError);
}

}  // namespace
}  // namespace carousel
