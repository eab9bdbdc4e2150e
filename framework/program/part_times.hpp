#pragma once

#include <array>
#include <chrono>

namespace carousel {

/// What a compiled scan spends its time on.
enum class Part { packing, front, loop, elementwise, behind, weights, other, calls };

/// Seconds by part, for benchmarks; nothing is measured unless it is on.
struct PartTimes {
  /// What each Part is called in tables.
  static constexpr std::array<const char*, 8> names{
      "packing", "front products",      "loop products", "elementwise", "behind",
      "dW",      "copies and row sums", "other ops"};
  bool on = false;                             ///< whether time is measured
  std::array<double, names.size()> seconds{};  ///< by Part
};

/// Adds the time of its life to a part.
class PartTimer {
 public:
  /// The clock that times are read from.
  using Clock = std::chrono::steady_clock;
  /// Starts; nothing is measured unless `times` is on, which must outlive the timer.
  PartTimer(PartTimes& times, Part part) : times_(times), part_(part) {
    if (times_.on) start_ = Clock::now();
  }
  ~PartTimer() {
    if (!times_.on) return;
    times_.seconds[static_cast<std::size_t>(part_)] +=
        std::chrono::duration<double>(Clock::now() - start_).count();
  }
  PartTimer(const PartTimer&) = delete;
  PartTimer& operator=(const PartTimer&) = delete;

 private:
  PartTimes& times_;
  Part part_;
  Clock::time_point start_;
};

}  // namespace carousel
