#include "study/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <numeric>

#include "tensor/error.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

using boost::math::students_t;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Divisor n - 1.
double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / (static_cast<double>(values.size()) - 1.0);
}

TestResult t_test(double difference, double error, double degrees) {
  TestResult result;
  if (!std::isfinite(difference) || !std::isfinite(error)) return result;
  if (error == 0.0) {  // students_t takes no infinite t
    result.statistic = difference == 0.0
                           ? 0.0
                           : std::copysign(std::numeric_limits<double>::infinity(), difference);
    result.p = difference == 0.0 ? 1.0 : 0.0;
    return result;
  }
  result.statistic = difference / error;
  const students_t distribution(degrees);
  result.p =
      2.0 * boost::math::cdf(boost::math::complement(distribution, std::abs(result.statistic)));
  return result;
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) {
    fail_bug("a paired test got {} and {} values, expected pairs", a.size(), b.size());
  }
  std::vector<double> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
  return result;
}

// Of sorted values, linear between neighbours.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

bool any_varies(const Scores& scores) {
  return std::any_of(scores.begin(), scores.end(), [](const auto& s) { return s.size() > 1; });
}

Scores resampled(const Scores& scores, Random& random) {
  Scores result = scores;
  for (std::size_t set = 0; set < scores.size(); ++set) {
    for (double& value : result[set]) value = scores[set][random.below(scores[set].size())];
  }
  return result;
}

void set_interval(Estimate& estimate, const Bootstrap& bootstrap,
                  const std::function<double(Random&)>& resample) {
  Random random(bootstrap.seed, "bootstrap");
  std::vector<double> values(static_cast<std::size_t>(bootstrap.resamples));
  for (double& value : values) value = resample(random);
  std::sort(values.begin(), values.end());
  estimate.low = quantile(values, 0.025);
  estimate.high = quantile(values, 0.975);
}

double pooled_interquartile_mean(const Scores& scores) {
  std::vector<double> all;
  for (const auto& seeds : scores) all.insert(all.end(), seeds.begin(), seeds.end());
  return interquartile_mean(std::move(all));
}

double mean_share_of_lower(const Scores& a, const Scores& b) {
  double sum = 0.0;
  for (std::size_t set = 0; set < a.size(); ++set) {
    double wins = 0.0;
    for (const double x : a[set]) {
      for (const double y : b[set]) wins += x < y ? 1.0 : (x == y ? 0.5 : 0.0);
    }
    sum += wins / static_cast<double>(a[set].size() * b[set].size());
  }
  return sum / static_cast<double>(a.size());
}

// Twice the mid-ranks of the magnitudes, which are whole numbers.
std::vector<std::size_t> doubled_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> ranks;
  for (const double value : values) {
    std::size_t lower = 0;
    std::size_t equal = 0;
    for (const double other : values) {
      lower += std::abs(other) < std::abs(value);
      equal += std::abs(other) == std::abs(value);
    }
    ranks.push_back(2 * lower + equal + 1);
  }
  return ranks;
}

// P(sum = s) for every s, when each rank is in the sum with probability 1/2.
std::vector<double> distribution_of_sum(const std::vector<std::size_t>& ranks) {
  std::vector<double> probability(std::accumulate(ranks.begin(), ranks.end(), std::size_t{1}));
  probability[0] = 1.0;
  for (const std::size_t rank : ranks) {
    for (std::size_t s = probability.size(); s-- > 0;) {
      probability[s] = 0.5 * (probability[s] + (s >= rank ? probability[s - rank] : 0.0));
    }
  }
  return probability;
}

}  // namespace

Statistic statistic_of(const std::vector<double>& values) {
  Statistic result;
  if (values.empty()) return result;
  result.mean = mean_of(values);
  if (values.size() < 2) return result;
  const auto count = static_cast<double>(values.size());
  result.deviation = std::sqrt(variance_of(values));
  const double quantile = boost::math::quantile(students_t(count - 1.0), 0.975);
  const double half = quantile * result.deviation / std::sqrt(count);
  result.low = result.mean - half;
  result.high = result.mean + half;
  return result;
}

double interquartile_mean(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto cut = static_cast<std::ptrdiff_t>(values.size() / 4);
  return mean_of({values.begin() + cut, values.end() - cut});
}

Estimate stratified_interquartile_mean(const Scores& scores, const Bootstrap& bootstrap) {
  Estimate estimate;
  estimate.value = pooled_interquartile_mean(scores);
  if (!any_varies(scores)) return estimate;
  set_interval(estimate, bootstrap, [&](Random& random) {
    return pooled_interquartile_mean(resampled(scores, random));
  });
  return estimate;
}

Estimate probability_of_improvement(const Scores& a, const Scores& b, const Bootstrap& bootstrap) {
  if (a.size() != b.size()) {
    fail_bug("the probability of improvement got {} and {} data sets", a.size(), b.size());
  }
  Estimate estimate;
  estimate.value = mean_share_of_lower(a, b);
  if (!any_varies(a) && !any_varies(b)) return estimate;
  set_interval(estimate, bootstrap, [&](Random& random) {
    const Scores first = resampled(a, random);
    return mean_share_of_lower(first, resampled(b, random));
  });
  return estimate;
}

TestResult paired_t_test(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> difference = differences(a, b);
  if (difference.size() < 2) return {};
  const auto count = static_cast<double>(difference.size());
  return t_test(mean_of(difference), std::sqrt(variance_of(difference) / count), count - 1.0);
}

TestResult wilcoxon_signed_rank_test(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference = differences(a, b);
  if (difference.empty()) return {};
  std::erase(difference, 0.0);
  const std::vector<std::size_t> ranks = doubled_ranks(difference);
  std::size_t positive = 0;
  for (std::size_t k = 0; k < ranks.size(); ++k) positive += difference[k] > 0.0 ? ranks[k] : 0;
  const std::vector<double> probability = distribution_of_sum(ranks);
  const std::size_t tail = std::min(positive, probability.size() - 1 - positive);
  double p = 0.0;
  for (std::size_t s = 0; s <= tail; ++s) p += 2.0 * probability[s];
  return {static_cast<double>(positive) / 2.0, std::min(1.0, p)};
}

TestResult welch_t_test(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() < 2 || b.size() < 2) return {};
  const auto n = static_cast<double>(a.size());
  const auto m = static_cast<double>(b.size());
  const double of_a = variance_of(a) / n;
  const double of_b = variance_of(b) / m;
  const double both = of_a + of_b;
  const double degrees = both * both / (of_a * of_a / (n - 1.0) + of_b * of_b / (m - 1.0));
  return t_test(mean_of(a) - mean_of(b), std::sqrt(both), degrees);
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (!std::isnan(p[k])) order.push_back(k);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return p[i] < p[j]; });
  std::vector<double> corrected = p;
  double largest = 0.0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, p[order[k]] * static_cast<double>(order.size() - k));
    corrected[order[k]] = std::min(1.0, largest);
  }
  return corrected;
}

std::vector<TuningPoint> tuning_curve(const std::vector<double>& draws) {
  std::vector<double> finite;
  std::copy_if(draws.begin(), draws.end(), std::back_inserter(finite),
               [](double v) { return std::isfinite(v); });
  std::sort(finite.begin(), finite.end());
  const std::size_t all = draws.size();
  std::vector<TuningPoint> curve;
  for (std::size_t n = 1; n <= all; ++n) {
    TuningPoint point;
    point.draws = static_cast<int>(n);
    // Of all subsets of n, the share whose lowest is the i-th: C(all - 1 - i, n - 1) / C(all, n).
    double share = static_cast<double>(n) / static_cast<double>(all);
    for (std::size_t i = 0; i < finite.size() && i + n <= all; ++i) {
      point.expected += share * finite[i];
      point.finite += share;
      share *= static_cast<double>(all - i - n) / static_cast<double>(all - i - 1);
    }
    point.expected /= point.finite;
    curve.push_back(point);
  }
  return curve;
}

}  // namespace carousel
