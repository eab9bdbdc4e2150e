// Golden values come from SciPy 1.10; the comment at each says by which call.

#include "study/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tensor/error.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const std::vector<double> a = {8.61, 8.55, 8.70, 8.48, 8.66};
const std::vector<double> b = {8.52, 8.57, 8.49, 8.40, 8.59};

TEST(Statistics, IntervalOfTheMeanIsStudents) {
  const Statistic s = statistic_of(a);
  EXPECT_NEAR(s.mean, 8.6, 1e-12);
  EXPECT_NEAR(s.deviation, 0.08746427842267906, 1e-12);  // numpy.std(a, ddof=1)
  // scipy.stats.t.interval(0.95, 4, loc=numpy.mean(a), scale=scipy.stats.sem(a))
  EXPECT_NEAR(s.low, 8.491398754353689, 1e-10);
  EXPECT_NEAR(s.high, 8.70860124564631, 1e-10);
  EXPECT_NEAR(s.half_width(), 0.10860124564631, 1e-10);
  EXPECT_TRUE(std::isnan(statistic_of({8.0}).half_width()));
  EXPECT_TRUE(std::isnan(statistic_of({}).mean));
}

// Far from zero the deviation keeps its digits.
TEST(Statistics, TheDeviationIsThatAroundTheMean) {
  const double far = 1099511627776.0;  // 2^40
  const std::vector<double> near = {0.0, 1000.0 / 1024.0, 3.0 / 1024.0, 1.0 / 1024.0};
  std::vector<double> moved = near;
  for (double& value : moved) value += far;
  EXPECT_EQ(statistic_of(moved).deviation, statistic_of(near).deviation);
}

// 19 of 20 intervals hold the mean of the distribution.
TEST(Statistics, IntervalCoversTheTrueMean) {
  Random random(3, "cover");
  int covered = 0;
  for (int k = 0; k < 4000; ++k) {
    std::vector<double> values(4);
    for (double& v : values) v = 5.0 + 2.0 * random.normal();
    const Statistic s = statistic_of(values);
    covered += s.low < 5.0 && 5.0 < s.high;
  }
  EXPECT_NEAR(covered / 4000.0, 0.95, 0.011);  // three standard errors
}

TEST(Statistics, PairedTTestIsSciPys) {
  const TestResult t = paired_t_test(a, b);  // scipy.stats.ttest_rel(a, b)
  EXPECT_NEAR(t.statistic, 2.3440988472430977, 1e-10);
  EXPECT_NEAR(t.p, 0.07902333344560768, 1e-10);
  EXPECT_EQ(paired_t_test(a, a).p, 1.0);
  EXPECT_EQ(paired_t_test(a, a).statistic, 0.0);
  EXPECT_EQ(paired_t_test({3.0, 4.0}, {2.0, 3.0}).p, 0.0);
  EXPECT_EQ(paired_t_test({3.0, 4.0}, {2.0, 3.0}).statistic, kInfinity);
  EXPECT_EQ(paired_t_test({2.0, 3.0}, {3.0, 4.0}).statistic, -kInfinity);
  EXPECT_TRUE(std::isnan(paired_t_test({3.0}, {2.0}).p));
  EXPECT_THROW(paired_t_test({3.0}, {2.0, 1.0}), BugError);
}

TEST(Statistics, WelchTestIsSciPys) {
  // scipy.stats.ttest_ind(a, b[:3], equal_var=False)
  const TestResult t = welch_t_test(a, {8.52, 8.57, 8.49});
  EXPECT_NEAR(t.statistic, 1.6100913686243914, 1e-9);
  EXPECT_NEAR(t.p, 0.15961824048351597, 1e-9);
  EXPECT_TRUE(std::isnan(welch_t_test(a, {8.52}).p));
  EXPECT_EQ(welch_t_test({1.0, 1.0}, {1.0, 1.0, 1.0}).p, 1.0);
  EXPECT_EQ(welch_t_test({1.0, 1.0}, {2.0, 2.0}).p, 0.0);
}

TEST(Statistics, SignedRankTestIsSciPysWithoutTies) {
  // scipy.stats.wilcoxon(x, y, mode="exact"); the statistic with alternative="greater"
  const std::vector<double> x = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> y = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  const TestResult nine = wilcoxon_signed_rank_test(x, y);
  EXPECT_EQ(nine.statistic, 40.0);
  EXPECT_NEAR(nine.p, 0.0390625, 1e-14);
  EXPECT_NEAR(wilcoxon_signed_rank_test(y, x).p, 0.0390625, 1e-14);
  EXPECT_NEAR(wilcoxon_signed_rank_test(a, b).p, 0.125, 1e-14);
  std::vector<double> many;
  for (int k = 0; k < 25; ++k) many.push_back(std::sin(k * k) + 0.3);
  const TestResult result = wilcoxon_signed_rank_test(many, std::vector<double>(25));
  EXPECT_EQ(result.statistic, 195.0);
  EXPECT_NEAR(result.p, 0.39571136236190796, 1e-12);
}

// Against all 2^n signs of the ranks.
TEST(Statistics, SignedRankTestTakesMidRanksAndDropsZeros) {
  const std::vector<double> d = {1, 1, -1, 2, 2, 3, -3, 4, 0, 0};
  const TestResult result = wilcoxon_signed_rank_test(d, std::vector<double>(d.size()));
  const std::vector<double> ranks = {2, 2, 2, 4.5, 4.5, 6.5, 6.5, 8};
  const double observed = 2 + 2 + 4.5 + 4.5 + 6.5 + 8;
  int low = 0;
  int high = 0;
  for (int signs = 0; signs < 256; ++signs) {
    double sum = 0.0;
    for (std::size_t k = 0; k < 8; ++k) sum += (signs >> k & 1) != 0 ? ranks[k] : 0.0;
    low += sum <= observed;
    high += sum >= observed;
  }
  EXPECT_EQ(result.statistic, observed);
  EXPECT_NEAR(result.p, 2.0 * std::min(low, high) / 256.0, 1e-14);
  EXPECT_EQ(wilcoxon_signed_rank_test({1.0, 2.0}, {1.0, 2.0}).p, 1.0);
  EXPECT_TRUE(std::isnan(wilcoxon_signed_rank_test({}, {}).p));
}

// The smallest p that n pairs can give is 2 / 2^n.
TEST(Statistics, SignedRankTestOfOneSidedPairs) {
  for (int n = 1; n <= 60; ++n) {
    std::vector<double> d(static_cast<std::size_t>(n));
    std::iota(d.begin(), d.end(), 1.0);
    EXPECT_NEAR(wilcoxon_signed_rank_test(d, std::vector<double>(d.size())).p / std::exp2(1 - n),
                1.0, 1e-12);
  }
}

TEST(Statistics, HolmStepsDownAndSkipsWhatIsMissing) {
  // By hand: 4 * 0.01, 3 * 0.013 raised to the one before, 2 * 0.03, 1 * 0.6.
  const std::vector<double> p = holm({0.03, 0.01, kNaN, 0.6, 0.013});
  EXPECT_NEAR(p[0], 0.06, 1e-15);
  EXPECT_NEAR(p[1], 0.04, 1e-15);
  EXPECT_TRUE(std::isnan(p[2]));
  EXPECT_NEAR(p[3], 0.6, 1e-15);
  EXPECT_NEAR(p[4], 0.04, 1e-15);
  EXPECT_EQ(holm({0.7, 0.8}), (std::vector<double>{1.0, 1.0}));
}

TEST(Statistics, InterquartileMeanIsATrimmedMean) {
  // scipy.stats.trim_mean(v, 0.25) of the first 10, 7 and 3 values
  const std::vector<double> v = {3, 1, 10, 2, 8, 4, 7.5, -5, 6, 0.5};
  EXPECT_NEAR(interquartile_mean(v), 3.9166666666666665, 1e-14);
  EXPECT_NEAR(interquartile_mean({v.begin(), v.begin() + 7}), 4.9, 1e-14);
  EXPECT_NEAR(interquartile_mean({v.begin(), v.begin() + 3}), 4.666666666666667, 1e-14);
}

// Intervals: numpy.percentile(.., [2.5, 97.5]) of 2000000 resamples by NumPy's own generator.
TEST(Statistics, StratifiedBootstrapAgreesWithNumPys) {
  const Scores scores = {{8.137, 8.312, 8.245, 8.711, 8.404, 8.52},
                         {3.1234, 3.345, 3.0567, 3.2789, 3.19},
                         {5.1, 5.2345, 5.1876, 5.0312, 5.3}};
  const Estimate three = stratified_interquartile_mean(scores);
  EXPECT_NEAR(three.value, 5.6975375, 1e-12);
  EXPECT_NEAR(three.low, 5.6388625, 0.002);
  EXPECT_NEAR(three.high, 5.764325, 0.002);
  const Estimate one = stratified_interquartile_mean({scores[0]});
  EXPECT_NEAR(one.low, 8.218, 0.007);
  EXPECT_NEAR(one.high, 8.56775, 0.019);
  const Estimate again = stratified_interquartile_mean(scores);
  EXPECT_EQ(again.low, three.low);
  EXPECT_EQ(again.high, three.high);
}

// Two resamples of two seeds are 0, 0.5 or 1, and the ends lie 2.5 % inside of them.
TEST(Statistics, AnEndLiesBetweenTwoResamples) {
  int apart = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Estimate two = stratified_interquartile_mean({{0.0, 1.0}}, {2, seed});
    const double between = (two.high - two.low) / 0.95;
    EXPECT_NEAR(2.0 * between, std::round(2.0 * between), 1e-12);
    EXPECT_NEAR(2.0 * (two.low - 0.025 * between), std::round(2.0 * two.low), 1e-12);
    apart += between > 0.0;
  }
  EXPECT_GT(apart, 0);
}

// Resampled without its data sets, a set of far lower scores would move the mean by much more.
TEST(Statistics, BootstrapKeepsEachDataSetsShare) {
  const Estimate still = stratified_interquartile_mean({{1.0, 1.0, 1.0}, {9.0, 9.0, 9.0}});
  EXPECT_EQ(still.low, 5.0);
  EXPECT_EQ(still.high, 5.0);
  EXPECT_TRUE(std::isnan(stratified_interquartile_mean({{1.0}, {2.0}}).low));
}

const Scores of_a = {{8.1, 8.3, 8.2, 8.7, 8.4}, {3.1, 3.3, 3.05, 3.2}};
const Scores of_b = {{8.0, 8.35, 8.25, 8.3, 8.2}, {3.15, 3.3, 3.25}};

TEST(Statistics, ProbabilityOfImprovementCountsPairs) {
  // scipy.stats.mannwhitneyu(b, a).statistic / 25
  EXPECT_NEAR(probability_of_improvement({a}, {b}).value, 0.24, 1e-14);
  EXPECT_NEAR(probability_of_improvement({b}, {a}).value, 0.76, 1e-14);
  EXPECT_EQ(probability_of_improvement({{1.0, 2.0}}, {{2.0}}).value, 0.75);
  // Mean over two sets; the interval is NumPy's as above, of 100000 resamples.
  const Estimate both = probability_of_improvement(of_a, of_b);
  EXPECT_NEAR(both.value, 0.5341666666666667, 1e-12);
  EXPECT_NEAR(both.low, 0.26, 0.011);
  EXPECT_NEAR(both.high, 0.79666667, 0.011);
  EXPECT_THROW(probability_of_improvement(of_a, {a}), BugError);
}

TEST(Statistics, TuningCurveIsTheMeanOverAllSubsets) {
  const std::vector<double> draws = {3.0, 1.0, kInfinity, 2.0, kNaN, 4.5};
  const std::vector<TuningPoint> curve = tuning_curve(draws);
  ASSERT_EQ(curve.size(), draws.size());
  for (std::size_t n = 1; n <= draws.size(); ++n) {
    double sum = 0.0;
    int finite = 0;
    int subsets = 0;
    for (unsigned chosen = 0; chosen < 1U << draws.size(); ++chosen) {
      double lowest = kInfinity;
      std::size_t count = 0;
      for (std::size_t k = 0; k < draws.size(); ++k) {
        if ((chosen >> k & 1U) == 0U) continue;
        ++count;
        if (std::isfinite(draws[k])) lowest = std::min(lowest, draws[k]);
      }
      if (count != n) continue;
      ++subsets;
      finite += std::isfinite(lowest);
      sum += std::isfinite(lowest) ? lowest : 0.0;
    }
    EXPECT_EQ(curve[n - 1].draws, static_cast<int>(n));
    EXPECT_NEAR(curve[n - 1].expected, sum / finite, 1e-12) << n;
    EXPECT_NEAR(curve[n - 1].finite, double(finite) / subsets, 1e-12) << n;
  }
}

TEST(Statistics, TuningCurveFallsFromTheMeanToTheBest) {
  Random random(5, "draws");
  std::vector<double> draws(200);
  for (double& v : draws) v = 8.0 + random.normal();
  const std::vector<TuningPoint> curve = tuning_curve(draws);
  EXPECT_NEAR(curve.front().expected, statistic_of(draws).mean, 1e-10);
  EXPECT_EQ(curve.back().expected, *std::min_element(draws.begin(), draws.end()));
  for (std::size_t n = 1; n < curve.size(); ++n) {
    EXPECT_LT(curve[n].expected, curve[n - 1].expected);
    EXPECT_NEAR(curve[n].finite, 1.0, 1e-12);
  }
  const std::vector<TuningPoint> none = tuning_curve({kInfinity, kInfinity});
  EXPECT_TRUE(std::isnan(none[1].expected));
  EXPECT_EQ(none[1].finite, 0.0);
  EXPECT_TRUE(tuning_curve({}).empty());
}

}  // namespace
}  // namespace carousel
