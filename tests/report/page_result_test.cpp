// The picture of the results: what stands where on its axis.

#include "report/page_result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "report/sample.hpp"
#include "report/svg.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pointwise;
using testing::SizeIs;

// The numbers of an attribute in all elements of a kind, in order.
std::vector<double> places(const std::string& svg, const std::string& element,
                           const std::string& attribute) {
  const std::regex pattern("<" + element + " [^>]*\\b" + attribute + "=\"([-0-9.]+)\"");
  std::vector<double> found;
  for (std::sregex_iterator it(svg.begin(), svg.end(), pattern), end; it != end; ++it) {
    found.push_back(std::stod((*it)[1]));
  }
  return found;
}

std::vector<std::string> texts(const std::string& svg) {
  const std::regex pattern("<text[^>]*>([^<]*)</text>");
  std::vector<std::string> found;
  for (std::sregex_iterator it(svg.begin(), svg.end(), pattern), end; it != end; ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

Statistic around(double mean, double half) { return {mean, 1.0, mean - half, mean + half}; }

// The axis is 420 wide from 215 on; means 0 and 10 with intervals of 1 make it -1 to 11, and a
// margin of 0.05 * 12 on either side.
double place(double value) { return 215.0 + (value + 1.6) / 13.2 * 420.0; }

TEST(RowChart, MarksStandAtTheirValues) {
  const std::vector<Statistic> figures = {around(0.0, 1.0), around(10.0, 1.0)};
  RowChart chart("a <label>", figures, Better::lower, {});
  chart.add_level(5.0, "half", "baseline");
  for (const Statistic& figure : figures) {
    chart.add_row("a&b", "x");
    chart.add_interval(figure, "sure");
    chart.add_mark(figure.mean, "sure");
  }
  chart.add_point(2.5);
  chart.add_tick(7.5, "published");
  const std::string svg = chart.finish("title");
  EXPECT_TRUE(holds(svg, "aria-label=\"a &lt;label&gt;\""));
  EXPECT_THAT(places(svg, "rect class=\"sure\"", "x"),
              Pointwise(DoubleNear(0.06), {place(0.0) - 4.5, place(10.0) - 4.5}));
  EXPECT_THAT(places(svg, "rect", "y"), ElementsAre(13.0 - 4.5, 39.0 - 4.5));
  EXPECT_THAT(places(svg, "line class=\"sure\"", "x1"),
              Pointwise(DoubleNear(0.06), {place(-1.0), place(9.0)}));
  EXPECT_THAT(places(svg, "line class=\"sure\"", "x2"),
              Pointwise(DoubleNear(0.06), {place(1.0), place(11.0)}));
  EXPECT_THAT(places(svg, "circle", "cx"), Pointwise(DoubleNear(0.06), {place(2.5)}));
  EXPECT_THAT(places(svg, "line class=\"published\"", "x1"),
              Pointwise(DoubleNear(0.06), {place(7.5)}));
  EXPECT_THAT(places(svg, "line class=\"baseline\"", "x2"),
              Pointwise(DoubleNear(0.06), {place(5.0)}));
  EXPECT_THAT(texts(svg),
              ElementsAre("0", "5", "10", "half", "a&amp;b", "x", "a&amp;b", "x", "title"));
  EXPECT_THAT(places(svg, "line class=\"grid\"", "x1"),
              Pointwise(DoubleNear(0.06), {place(0.0), place(5.0), place(10.0)}));
}

// The place of the mark of each of these means, in order; -1: an arrow.
std::vector<double> marks_of(const std::vector<double>& means, Better better,
                             const std::vector<double>& anchors = {}) {
  std::vector<Statistic> figures;
  for (const double mean : means) figures.push_back({mean});
  RowChart chart("", figures, better, anchors);
  std::vector<double> found;
  for (const double mean : means) {
    RowChart one = chart;
    one.add_row("", "");
    one.add_mark(mean, "sure");
    const auto at = places(one.finish(""), "rect", "x");
    found.push_back(at.empty() ? -1.0 : at[0]);
  }
  return found;
}

TEST(RowChart, MeansFarOutAtTheWorseEndAreBeyondTheAxis) {
  const auto beyond = [](const std::vector<double>& marks) {
    return std::count(marks.begin(), marks.end(), -1.0);
  };
  EXPECT_THAT(marks_of({1.0, 2.0, 3.0, 30.0}, Better::lower),
              ElementsAre(testing::Gt(0), testing::Gt(0), testing::Gt(0), -1.0));
  EXPECT_EQ(beyond(marks_of({1.0, 2.0, 3.0, 8.9}, Better::lower)), 0) << "not four times as fine";
  EXPECT_EQ(beyond(marks_of({1.0, 2.0, 3.0, 9.0}, Better::lower)), 1);
  EXPECT_EQ(beyond(marks_of({1.0, 2.0, 3.0, 30.0}, Better::higher)), 0) << "the best one is shown";
  EXPECT_THAT(marks_of({-30.0, 2.0, 3.0, 4.0}, Better::higher).front(), -1.0);
  EXPECT_EQ(beyond(marks_of({1.0, 2.0, 30.0}, Better::lower)), 0) << "three of ten at most";
  EXPECT_EQ(beyond(marks_of({1, 2, 3, 4, 5, 100, 101}, Better::lower)), 2);
  EXPECT_EQ(beyond(marks_of({1, 2, 3, 4, 100, 101}, Better::lower)), 0);
  EXPECT_EQ(beyond(marks_of({1.0, 2.0, 3.0, 30.0}, Better::lower, {40.0})), 0);
}

TEST(RowChart, ArrowsPointToWhatLiesBeyond) {
  RowChart chart("", {{0.0}, {1.0}}, Better::lower, {});
  chart.add_row("", "");
  chart.add_mark(5.0, "sure");
  chart.add_mark(-5.0, "sure");
  chart.add_mark(std::nan(""), "sure");
  chart.add_point(5.0);
  chart.add_tick(5.0, "published");
  chart.add_interval(around(5.0, 1.0), "sure");
  chart.add_interval({0.5}, "sure");
  chart.add_level(5.0, "above", "baseline");
  chart.add_level(-5.0, "below", "baseline");
  const std::string svg = chart.finish("");
  EXPECT_TRUE(holds(svg, "d=\"M635.0 13.0l-9 -5v10z\""));
  EXPECT_TRUE(holds(svg, "d=\"M215.0 13.0l9 -5v10z\""));
  EXPECT_TRUE(holds(svg, ">above →<"));
  EXPECT_TRUE(holds(svg, ">← below<"));
  EXPECT_FALSE(holds(svg, "<line class=\"sure\"") || holds(svg, "<circle") || holds(svg, "<rect") ||
               holds(svg, "<line class=\"baseline\"") || holds(svg, "<line class=\"published\""));
  EXPECT_TRUE(holds(RowChart("", {}, Better::lower, {}).finish(""), "</svg>"));
  EXPECT_FALSE(RowChart("", {{3.0}}, Better::lower, {}).finish("").find("nan") !=
               std::string::npos);
}

StudyResults two_cells() {
  StudyResults results = study_on({"tunes", "songs"});
  for (const auto& [cell, tests] : {std::pair{"lstm", std::vector{9.0, 9.5, 8.5}},
                                    std::pair{"gru", std::vector{8.0, 8.25, 8.125}},
                                    std::pair{"rnn", std::vector{5.0, 5.0, 5.0}}}) {
    for (std::size_t k = 0; k < 3; ++k) {
      results.trials.push_back(finished_trial(cell, k + 1, tests[k]));
      if (std::string(cell) == "rnn") results.trials.back().status = "diverged";
    }
  }
  results.problems[0].baselines = {baseline_of("chain", 9.75), baseline_of("unknown", not_known)};
  results.published = {published_nll("Paper A", "tunes", "gru", 7.0, 8.4),
                       published_nll("Paper A", "songs", "gru", 7.0, 8.5),
                       published_nll("Paper A", "tunes", "other", 7.0, 8.6)};
  return results;
}

TEST(ResultFigures, HaveARowACellTheBestAbove) {
  const std::string html = result_figures_html(two_cells());
  EXPECT_TRUE(holds(html, "<figcaption>Results on tunes</figcaption>"));
  EXPECT_FALSE(holds(html, "songs")) << "no trial of it";
  const std::vector<std::string> words = texts(html);
  const auto at = std::find(words.begin(), words.end(), "gru");
  ASSERT_NE(at, words.end());
  EXPECT_THAT(std::vector(at, words.end()),
              ElementsAre("gru", "8.125 ± 0.311", "lstm", "9.000 ± 1.242", "rnn", "3 diverged",
                          "test NLL, nats per step (lower is better)"));
  EXPECT_THAT(words, testing::Contains("chain 9.750"));
  EXPECT_THAT(places(html, "circle", "cy"), ElementsAre(4.5, 4.5, 4.5, 30.5, 30.5, 30.5));
  const auto seeds = places(html, "circle", "cx");
  ASSERT_THAT(seeds, SizeIs(6));
  EXPECT_TRUE(seeds[0] < seeds[2] && seeds[2] < seeds[1]) << "8, 8.125, 8.25";
  EXPECT_TRUE(seeds[1] < seeds[5] && seeds[5] < seeds[3] && seeds[3] < seeds[4]);
  const auto ticks = places(html, "line class=\"published\"", "x1");
  ASSERT_THAT(ticks, SizeIs(1)) << "that of the cell on this data set";
  EXPECT_TRUE(ticks[0] > seeds[1] && ticks[0] < seeds[5]);
  EXPECT_THAT(places(html, "line class=\"published\"", "y1"), ElementsAre(2.0));
  StudyResults lost = two_cells();
  lost.trials[0].status = "diverged";
  EXPECT_TRUE(holds(result_figures_html(lost), "± 6.353, 1 diverged<")) << "9.5 and 8.5";
  for (TrialRecord& trial : lost.trials) trial.status = "diverged";
  EXPECT_THAT(result_figures_html(lost), IsEmpty());
}

// lstm has 9, gru 8.125: the axis may be three times as wide, from 7.25 to 9.875.
TEST(ResultFigures, BaselinesAreOnTheAxisWhereTheyAreNear) {
  StudyResults results = two_cells();
  const auto lines = [&](double baseline) {
    results.problems[0].baselines = {baseline_of("one", baseline),
                                     baseline_of("two", baseline + 30)};
    return places(result_figures_html(results), "line class=\"baseline\"", "x1").size();
  };
  EXPECT_EQ(lines(7.26), 1U);
  EXPECT_EQ(lines(7.24), 0U);
  EXPECT_EQ(lines(20.0), 0U);
  results.published.clear();
  results.trials.resize(3);
  for (TrialRecord& trial : results.trials) nll_of(trial, Split::test) = 9.0;
  EXPECT_EQ(lines(20.0), 1U) << "the best one where the figures have no span";
}

TEST(ResultFigures, OfHigherFiguresTheHighestIsAbove) {
  StudyResults results = two_cells();
  results.problems[0].metrics[0].better = Better::higher;
  const std::vector<std::string> words = texts(result_figures_html(results));
  EXPECT_LT(std::find(words.begin(), words.end(), "lstm"),
            std::find(words.begin(), words.end(), "gru"));
}

}  // namespace
}  // namespace carousel
