#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace carousel {

/// The least that a turn takes, so that it is no single step with the caches of somebody else.
inline constexpr double turn_milliseconds = 30.0;

/// The median; of an even number the mean of the two in the middle.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

/// Nanoseconds of f() at best, of five turns.
template <class F>
double best_time(F&& f) {
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  double best = std::numeric_limits<double>::infinity();
  for (int turn = 0; turn < 5; ++turn) {
    const auto start = std::chrono::steady_clock::now();
    f();
    best = std::min(best, Nanoseconds(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

/// Hears what begins, which share is done, and how many seconds are left.
using SuiteProgress = std::function<void(const std::string& what, double done, double seconds)>;

/// How far a suite is, by the work that is done.
class Clockwork {
 public:
  /// progress may be empty; it must outlive this.
  Clockwork(const SuiteProgress& progress, double total) : progress_(progress), total_(total) {}
  /// what: that which begins; work: that which is done since the last call.
  void advance(const std::string& what, double work) {
    done_ += work;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    const double left = done_ > 0.0 ? spent.count() * (total_ / done_ - 1.0) : 0.0;
    if (progress_) progress_(what, done_ / total_, left);
  }

 private:
  const SuiteProgress& progress_;
  double total_, done_ = 0.0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace carousel
