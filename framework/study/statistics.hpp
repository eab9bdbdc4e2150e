#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace carousel {

/// Mean, sample standard deviation (divisor n - 1) and the 95 % interval of the mean by Student's t
/// with n - 1 degrees of freedom, in the unit of the values. NaN stands for "no such number": no
/// value at all, or deviation and interval of a single value.
struct Statistic {
  /// Half the width of the interval: what stands behind "±".
  double half_width() const { return (high - low) / 2.0; }

  double mean = std::numeric_limits<double>::quiet_NaN();       ///< sum / n
  double deviation = std::numeric_limits<double>::quiet_NaN();  ///< of the sample
  double low = std::numeric_limits<double>::quiet_NaN();        ///< lower end of the interval
  double high = std::numeric_limits<double>::quiet_NaN();       ///< upper end
};

/// The statistic of some values, which are finite.
Statistic statistic_of(const std::vector<double>& values);

/// A figure with its 95 % interval. NaN: there is none.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< the figure
  double low = std::numeric_limits<double>::quiet_NaN();    ///< lower end of the interval
  double high = std::numeric_limits<double>::quiet_NaN();   ///< upper end
};

/// scores[data set][seed]; the sets may have different numbers of seeds, each at least one.
using Scores = std::vector<std::vector<double>>;

/// How often a bootstrap resamples, and the seed that makes it reproducible.
struct Bootstrap {
  int resamples = 10000;   ///< how often
  std::uint64_t seed = 1;  ///< of the random numbers
};

/// The mean of the middle half: floor(n / 4) values are cut at either end. NaN without values.
double interquartile_mean(std::vector<double> values);

/// Interquartile mean of all scores together with the stratified percentile bootstrap interval of
/// Agarwal et al. 2021 (arXiv:2108.13264): each data set resamples its own seeds. Without an
/// interval when no data set has a second seed.
Estimate stratified_interquartile_mean(const Scores& scores, const Bootstrap& bootstrap = {});

/// P(A < B) for a seed of each, the mean over data sets of the share of all pairs of seeds in which
/// A is lower, ties by half: 1 when A, of an NLL, always wins (Agarwal et al. 2021). The interval
/// is the stratified percentile bootstrap's; A and B are resampled each for itself. Throws BugError
/// when a and b have different numbers of data sets.
Estimate probability_of_improvement(const Scores& a, const Scores& b,
                                    const Bootstrap& bootstrap = {});

/// What a two-sided test says. p is NaN where there are too few values for a test.
struct TestResult {
  double statistic = std::numeric_limits<double>::quiet_NaN();  ///< which one, the test says
  double p = std::numeric_limits<double>::quiet_NaN();          ///< two-sided
};

/// Student's t-test of the differences a[k] - b[k]; statistic: t. Where all differences are equal,
/// p is 1 for zero and else 0. Throws BugError when the sizes differ.
TestResult paired_t_test(const std::vector<double>& a, const std::vector<double>& b);

/// The exact signed-rank test of Wilcoxon 1945; statistic: sum of the ranks of the positive
/// differences a[k] - b[k]. Differences of zero are dropped first (Wilcoxon's rule), ties take
/// mid-ranks, and the null distribution is that of the ranks at hand, by dynamic programming:
/// n^3 steps for n pairs. p is 1 when all differences are zero. Throws BugError when the sizes
/// differ.
TestResult wilcoxon_signed_rank_test(const std::vector<double>& a, const std::vector<double>& b);

/// Welch's t-test of two samples that are not paired and may vary differently; statistic: t. Where
/// neither varies, p is 1 for equal means and else 0.
TestResult welch_t_test(const std::vector<double>& a, const std::vector<double>& b);

/// p values corrected for their number by the step-down rule of Holm 1979, in the same order.
/// NaN stays NaN and is no comparison.
std::vector<double> holm(const std::vector<double>& p);

/// A point of a tuning curve.
struct TuningPoint {
  int draws = 0;          ///< n
  double expected = 0.0;  ///< of the best of so many draws, given that one of them is finite
  double finite = 0.0;    ///< probability that one of them is finite
};

/// The lowest of n draws out of all that were made, n = 1 .. all: the exact expectation without
/// replacement, which is unbiased (Tang et al. 2020, "Showing Your Work Doesn't Always Work"). A
/// value that is not finite is a draw that diverged; it never is the lowest. So `expected` is NaN
/// when all diverged, and `finite` falls short of 1 as long as n draws can all be diverged ones.
std::vector<TuningPoint> tuning_curve(const std::vector<double>& draws);

}  // namespace carousel
