#include "measures.hpp"

#include <algorithm>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <limits>

namespace carousel::claims {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

template <class F>
Estimate over_pairs(const Seeds& first, const Seeds& second, F&& effect_of) {
  std::vector<double> effects;
  for (const auto& [seed, trial] : first) {
    const auto partner = second.find(seed);
    if (partner == second.end()) continue;
    const double effect = effect_of(trial, partner->second);
    if (std::isfinite(effect)) effects.push_back(effect);
  }
  return mean_of_values(effects);
}

double best_valid(const Trial& trial) {
  double best = std::numeric_limits<double>::infinity();
  for (const Epoch& epoch : trial.curve) best = std::min(best, epoch.valid);
  return best;
}

double at(const Epoch& epoch, Effort effort) {
  return effort == Effort::updates ? epoch.updates : epoch.seconds;
}

/// Mean and variance of the sample of the logarithms of the test losses.
Statistic log_losses(const Seeds& seeds) {
  std::vector<double> losses;
  for (const auto& [seed, trial] : seeds) losses.push_back(std::log(trial.test));
  return statistic_of(losses);
}

double variance_of_log_variance(const Seeds& seeds) {
  return boost::math::trigamma((static_cast<double>(seeds.size()) - 1.0) / 2.0);
}

}  // namespace

double effort_until(const Trial& trial, double goal, Effort effort) {
  for (std::size_t k = 0; k < trial.curve.size(); ++k) {
    const Epoch& now = trial.curve[k];
    if (!(now.valid <= goal)) continue;
    if (k == 0) return at(now, effort);
    const Epoch& before = trial.curve[k - 1];
    const double share = (before.valid - goal) / (before.valid - now.valid);
    return at(before, effort) + share * (at(now, effort) - at(before, effort));
  }
  return none;
}

Estimate speed_up(const Seeds& first, const Seeds& second, Effort effort) {
  return over_pairs(first, second, [&](const Trial& a, const Trial& b) {
    const double goal = std::max(best_valid(a), best_valid(b));
    return std::log(effort_until(b, goal, effort) / effort_until(a, goal, effort));
  });
}

Estimate fewer_epochs(const Seeds& first, const Seeds& second) {
  return over_pairs(first, second, [](const Trial& a, const Trial& b) {
    return std::log(b.best_epoch / a.best_epoch);
  });
}

Estimate lower_loss(const Seeds& first, const Seeds& second) {
  return over_pairs(first, second,
                    [](const Trial& a, const Trial& b) { return std::log(b.test / a.test); });
}

Estimate larger_gap(const Seeds& first, const Seeds& second) {
  return over_pairs(first, second, [](const Trial& a, const Trial& b) {
    return std::log(a.test / a.train) - std::log(b.test / b.train);
  });
}

Estimate less_memory(const Seeds& first, const Seeds& second) {
  const double effect = std::log(second.begin()->second.memory / first.begin()->second.memory);
  return {effect, effect, effect};
}

Estimate larger_spread(const Seeds& first, const Seeds& second) {
  if (first.size() < 2 || second.size() < 2) return {};
  const double effect = std::log(log_losses(first).deviation / log_losses(second).deviation);
  const double half = 1.959963984540054 / 2.0 *
                      std::sqrt(variance_of_log_variance(first) + variance_of_log_variance(second));
  return {effect, effect - half, effect + half};
}

Estimate mean_of_values(const std::vector<double>& values) {
  const Statistic mean = statistic_of(values);
  return {mean.mean, mean.low, mean.high};
}

Estimate mean_effect(const std::vector<Estimate>& effects) {
  double sum = 0.0, squares = 0.0;
  for (const Estimate& one : effects) {
    sum += one.value;
    squares += (one.high - one.low) * (one.high - one.low) / 4.0;
  }
  const auto count = static_cast<double>(effects.size());
  const double mean = sum / count, half = std::sqrt(squares) / count;
  return {mean, mean - half, mean + half};
}

}  // namespace carousel::claims
