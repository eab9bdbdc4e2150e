#include "study/time_left.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "study/study_plan.hpp"

namespace carousel {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool same_case(const TrialRecord& a, const TrialRecord& b) {
  return a.dataset == b.dataset && a.cell == b.cell && a.variant == b.variant &&
         a.hidden == b.hidden && a.setting == b.setting;
}

// What a trial's whole run takes, as far as the others let it be told.
double expected_seconds(const TrialRecord& trial, const std::vector<TrialRecord>& trials,
                        const std::vector<double>& share) {
  const auto mean_over = [&](auto&& belongs) {
    double sum = 0.0;
    int count = 0;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const TrialRecord& r = trials[i];
      if (r.seconds <= 0.0 || !belongs(r)) continue;
      if (has_ended(r)) sum += r.seconds;
      else if (share[i] > 0.0) sum += r.seconds / share[i];
      else continue;
      ++count;
    }
    return count > 0 ? sum / count : not_known;
  };
  const double of_case =
      mean_over([&](const TrialRecord& r) { return has_ended(r) && same_case(r, trial); });
  if (!std::isnan(of_case)) return of_case;
  const double of_set = mean_over([&](const TrialRecord& r) { return r.dataset == trial.dataset; });
  return std::isnan(of_set) ? mean_over([](const TrialRecord&) { return true; }) : of_set;
}

}  // namespace

double seconds_left(const std::vector<TrialRecord>& trials, const std::vector<double>& share,
                    int threads) {
  double work = 0.0;
  int open = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (has_ended(trials[i])) continue;
    ++open;
    const double expected = expected_seconds(trials[i], trials, share);
    if (std::isnan(expected)) return not_known;
    // A trial that outlasts the others is near the end of its epochs at the latest; one that was
    // just resumed does not know its share yet.
    const double at_most = share[i] > 0.0 ? trials[i].seconds / share[i] : infinity;
    const double whole = std::min(std::max(expected, 1.1 * trials[i].seconds), at_most);
    work += std::max(0.0, whole - trials[i].seconds);
  }
  return open > 0 ? work / std::min(threads, open) : 0.0;
}

}  // namespace carousel
