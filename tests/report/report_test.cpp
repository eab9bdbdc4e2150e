// Numbers of the summary, the text table and the curves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <sstream>

#include "report/curves.hpp"
#include "report/format.hpp"
#include "report/lines.hpp"
#include "report/sample.hpp"
#include "report/summary.hpp"
#include "report/table.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

StudyResults three_seeds_and_a_diverged_one() {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("lstm", 1, 8.0), finished_trial("gru", 1, 7.0),
                    finished_trial("lstm", 2, 8.5), finished_trial("lstm", 3, 9.6)};
  results.trials[2].best_epoch = 12;
  results.trials[3].seconds = 70.0;
  TrialRecord diverged = finished_trial("lstm", 4, kNaN);
  diverged.status = "diverged";
  diverged.seconds = 1e6;
  results.trials.push_back(diverged);
  return results;
}

TEST(Summary, MeansDeviationsAndIntervalsAreThoseComputedByHand) {
  const auto rows = summarise(three_seeds_and_a_diverged_one());
  ASSERT_EQ(rows.size(), 2U);
  const SummaryRow& lstm = rows[0];
  EXPECT_EQ(lstm.cell, "lstm");
  // (8 + 8.5 + 9.6) / 3 = 8.7; deviations -0.7, -0.2, 0.9: sqrt((0.49 + 0.04 + 0.81) / 2).
  EXPECT_NEAR(lstm.figure("nll", Split::test).mean, 8.7, 1e-12);
  EXPECT_NEAR(lstm.figure("nll", Split::test).deviation, std::sqrt(0.67), 1e-12);
  // Student's t with 2 degrees of freedom has a closed form: (2p - 1) / sqrt(2p (1 - p)), p =
  // 0.975.
  const double t = 0.95 / std::sqrt(2.0 * 0.975 * 0.025);
  EXPECT_NEAR(lstm.figure("nll", Split::test).half_width(), t * std::sqrt(0.67 / 3.0), 1e-12);
  EXPECT_NEAR(lstm.figure("nll", Split::train).mean, 7.7, 1e-12);
  EXPECT_NEAR(lstm.figure("nll", Split::valid).mean, 9.2, 1e-12);
  EXPECT_NEAR(lstm.best_epoch.mean, 32.0 / 3.0, 1e-12);
  EXPECT_NEAR(lstm.seconds.mean, 50.0, 1e-12);
  EXPECT_EQ(lstm.hidden, 36);
  EXPECT_EQ(lstm.cell_parameters, 8000);
}

TEST(Summary, DivergedSeedsAreCountedAndNotAveraged) {
  const SummaryRow lstm = summarise(three_seeds_and_a_diverged_one())[0];
  EXPECT_EQ(lstm.seeds, 4);
  EXPECT_EQ(lstm.finished, 3);
  EXPECT_EQ(lstm.diverged, 1);
  EXPECT_THAT(lstm.trials, ElementsAre(0, 2, 3, 4));
}

TEST(Summary, OneSeedHasNoDeviation) {
  const SummaryRow gru = summarise(three_seeds_and_a_diverged_one())[1];
  EXPECT_EQ(gru.figure("nll", Split::test).mean, 7.0);
  EXPECT_TRUE(std::isnan(gru.figure("nll", Split::test).deviation));
}

TEST(Summary, VariantSizeAndDataSetMakeRowsOfTheirOwn) {
  StudyResults results = study_on({"tunes", "songs"});
  results.trials.assign(5, finished_trial("lstm", 1, 8.0));
  results.trials[1].variant = "no_forget";
  results.trials[2].dataset = "songs";
  results.trials[3].hidden = 72;
  results.trials[4].seed = 2;
  const auto rows = summarise(results);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_THAT(rows[0].trials, ElementsAre(0, 4));
  EXPECT_EQ(rows[1].name(), "lstm+no_forget");
  EXPECT_EQ(rows[3].dataset, "songs") << "rows of one data set must stand together";
  std::vector<std::string> labels;
  for (const SummaryRow& row : rows) labels.push_back(row.label);
  EXPECT_THAT(labels, ElementsAre("lstm, 36 units", "lstm+no_forget", "lstm, 72 units", "lstm"));
}

TEST(Table, ShowsMeansIntervalAndDivergedSeeds) {
  const std::string table = result_table(three_seeds_and_a_diverged_one());
  const auto lines = lines_of(table);
  EXPECT_THAT(lines[0], HasSubstr("div"));
  EXPECT_THAT(lines[2], HasSubstr("8.700 ± 2.033"));
  EXPECT_THAT(lines[2], HasSubstr("3/4"));
  EXPECT_THAT(lines[3], Not(HasSubstr("±")));
  EXPECT_EQ(display_width(lines[2]), display_width(lines[0]));
  EXPECT_EQ(display_width(lines[3]), display_width(lines[0]));
  expect_80_columns(table);
}

TEST(Table, HasNoColumnOfDivergedSeedsWithoutAny) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("lstm", 1, 8.0)};
  EXPECT_THAT(result_table(results), Not(HasSubstr("div")));
}

TEST(Table, ARowWithoutFinishedSeedsShowsDashes) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("lstm", 1, 8.0)};
  results.trials[0].status = "running";
  const auto lines = lines_of(result_table(results));
  std::istringstream row(lines[2]);
  std::vector<std::string> words{std::istream_iterator<std::string>(row), {}};
  EXPECT_THAT(words, ElementsAre("lstm", "36", "8000", "0/1", "-", "-", "-", "-", "-"));
}

TEST(Table, LongNamesAreCutInTheMiddle) {
  StudyResults results = three_seeds_and_a_diverged_one();
  results.trials[0].cell = std::string(200, 'a') + "_first";
  results.trials[1].cell = std::string(200, 'a') + "_other";
  const std::string table = result_table(results);
  expect_80_columns(table);
  EXPECT_THAT(table, HasSubstr("…"));
  EXPECT_THAT(table, HasSubstr("first "));
  EXPECT_THAT(table, HasSubstr("other "));
}

// Cut in the middle, these two were the same.
TEST(Table, PointsOfAGridHaveNumbersWhereTheirKeysAreTooLong) {
  StudyResults results = three_seeds_and_a_diverged_one();
  results.trials.resize(3);
  const std::string before = "parameters=8000 train.examples=", behind = " train.epochs=600";
  results.trials[0].setting = before + "10" + behind;
  results.trials[1].setting = before + "20" + behind;
  results.trials[2].setting = before + "10" + behind;
  results.trials[2].cell = "mgu";
  const std::string table = result_table(results);
  expect_80_columns(table);
  const auto lines = lines_of(table);
  EXPECT_THAT(lines[2], StartsWith("lstm g1 "));
  EXPECT_THAT(lines[3], StartsWith("gru g2 "));
  EXPECT_THAT(lines[4], StartsWith("mgu g1 "));
  EXPECT_EQ(lines[5], "g1: parameters=8000, examples=10, epochs=600");
  EXPECT_EQ(lines[6], "g2: parameters=8000, examples=20, epochs=600");
}

TEST(Table, StaysWithin80ColumnsForHugeNumbersToo) {
  StudyResults results = study_on({std::string(100, 'd') + "a", std::string(100, 'd') + "b"});
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    auto trial =
        finished_trial("größtmögliche_Zelle_漢字", seed, 1234.5 * static_cast<double>(seed));
    trial.dataset = results.problems[seed % 2].name;
    trial.hidden = 100000;
    trial.cell_parameters = 123456789012;
    trial.learning_rate = seed % 3 == 0 ? 0.00012345 : 0.1;
    trial.seconds = 1e7;
    if (seed > 9) trial.status = "diverged";
    results.trials.push_back(trial);
  }
  const std::string table = result_table(results);
  expect_80_columns(table);
  EXPECT_THAT(table, HasSubstr("Left out for lack of width: train"));
  EXPECT_THAT(table, HasSubstr(" ± "));
}

TEST(Table, LineBreaksAndEscapeCodesInNamesDoNoHarm) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("a\n\x1b[31mb", 1, 8.0)};
  EXPECT_THAT(result_table(results), HasSubstr("a??[31mb"));
}

TEST(Table, WithoutTrialsSaysSo) { EXPECT_EQ(result_table(StudyResults()), "no trials\n"); }

TEST(Format, ListsNameTheFirstAndCountTheOthers) {
  EXPECT_EQ(listed({}, 2), "");
  EXPECT_EQ(listed({"a"}, 2), "a");
  EXPECT_EQ(listed({"a", "b"}, 2), "a and b");
  EXPECT_EQ(listed({"a", "b", "c"}, 2), "a, b and c") << "one other is named";
  EXPECT_EQ(listed({"a", "b", "c", "d"}, 2), "a, b and 2 others");
}

TEST(Format, WidthIsWhatTheEyeSees) {
  EXPECT_EQ(display_width("8.612 ± 0.020"), 13);
  EXPECT_EQ(display_width("…"), 1);
  EXPECT_EQ(display_width("漢字"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(shorten("gru_reset_before", 9), "gru_…fore");
  EXPECT_EQ(shorten("abc", 1), "…");
  EXPECT_EQ(shorten("abc", 3), "abc");
}

TEST(Curves, CoverTheSeedsThatReachedAnEpochAndNeverJumpBackInTime) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("lstm", 1, 8.0), finished_trial("lstm", 2, 8.0),
                    finished_trial("lstm", 3, 8.0)};
  results.trials[0].curve = {curve_point(1, 10.0, 9.0), curve_point(2, 20.0, 8.0)};
  results.trials[1].curve = {curve_point(1, 2.0, 10.0), curve_point(2, 4.0, 9.5),
                             curve_point(3, 6.0, 9.25)};
  results.trials[2].curve = {curve_point(1, 1.0, 1e9)};
  results.trials[2].status = "diverged";
  const auto rows = summarise(results);
  const auto band = band_of(rows[0], results.trials);
  ASSERT_EQ(band.size(), 3U);
  EXPECT_DOUBLE_EQ(band[1].mean, 8.75);
  EXPECT_DOUBLE_EQ(band[1].low, 8.0);
  EXPECT_DOUBLE_EQ(band[1].high, 9.5);
  EXPECT_DOUBLE_EQ(band[1].train, 7.75);
  EXPECT_DOUBLE_EQ(band[1].seconds, 12.0);
  EXPECT_EQ(band[1].seeds, 2);
  EXPECT_EQ(band[1].updates, 20);
  EXPECT_DOUBLE_EQ(band[2].mean, 9.25);
  EXPECT_DOUBLE_EQ(band[2].seconds, 14.0);
  EXPECT_EQ(band[2].seeds, 1);
}

TEST(Curves, LeaveOutPointsThatAreNotFinite) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("lstm", 1, 8.0)};
  results.trials[0].curve = {curve_point(1, 1.0, kNaN), curve_point(2, 2.0, 8.0)};
  const auto band = band_of(summarise(results)[0], results.trials);
  ASSERT_EQ(band.size(), 1U);
  EXPECT_EQ(band[0].epoch, 2);
  EXPECT_DOUBLE_EQ(band[0].seconds, 2.0);
}

TEST(Format, WidthsChangeAtTheEndsOfTheirRanges) {
  EXPECT_EQ(display_width("\u0300\u036F"), 0) << "combining marks";
  EXPECT_EQ(display_width("\u02FF\u0370"), 2);
  EXPECT_EQ(display_width("\u200B\u200D"), 0) << "no space, and a joiner";
  EXPECT_EQ(display_width("\u200A\u200E"), 2);
  EXPECT_EQ(display_width("\U0001F600!"), 3) << "four bytes, two columns";
  EXPECT_EQ(display_width("\u00E9\u20AC"), 2);
  EXPECT_EQ(shorten("\U0001F600\U0001F600\U0001F600", 4), "\U0001F600…");
}

TEST(Table, IsRuledInItsWholeWidth) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("gru", 1, 8.0), finished_trial("gru", 2, 9.0)};
  const auto lines = lines_of(result_table(results));
  EXPECT_EQ(display_width(lines[1]), display_width(lines[0]));
  EXPECT_EQ(lines[1].substr(0, 3), "─");
  EXPECT_EQ(display_width(lines[2]), display_width(lines[0]));
}

TEST(Format, ChangesAtItsBounds) {
  EXPECT_EQ(format_seconds(99.94), "99.9");
  EXPECT_EQ(format_seconds(99.96), "100");
  EXPECT_EQ(format_seconds(120.4), "120");
  EXPECT_EQ(format_figure(9999.5, 1), "9999.5");
  EXPECT_NE(format_figure(10000.0, 1), "10000.0");
  EXPECT_EQ(wrap("ab cd ef", 5), "ab cd\nef\n");
  EXPECT_EQ(wrap("ab cd ef", 4), "ab\ncd\nef\n");
  EXPECT_EQ(wrap("ab cd ef", 8), "ab cd ef\n");
}

// Rates that differ are shown, searched for or not.
TEST(Table, ShowsRatesThatDiffer) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("gru", 1, 8.0), finished_trial("lstm", 1, 9.0)};
  EXPECT_THAT(lines_of(result_table(results))[0], testing::Not(testing::HasSubstr(" rate ")));
  results.trials[1].learning_rate = 0.002;
  EXPECT_THAT(lines_of(result_table(results))[0], testing::HasSubstr(" rate "));
}

TEST(Table, ExplainsTheColumnsThatItHas) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("gru", 1, 8.0), finished_trial("gru", 2, 9.0)};
  for (const char* note : {"rate: ", "div: ", "solved: "}) {
    EXPECT_THAT(result_table(results), testing::Not(testing::HasSubstr(note)));
  }
  results.trials[1].status = "diverged";
  EXPECT_THAT(result_table(results),
              testing::HasSubstr("\ndiv: diverged seeds, which no mean includes.\n"));
}

}  // namespace
}  // namespace carousel
