#pragma once

#include <atomic>

#include "tensor/error.hpp"

namespace carousel {

/// Long work was asked to stop; what it had begun is dropped.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// While it lives, long work of this process (steps of a scan, ops of a tape) ends by throwing
/// Interrupted soon after `stop` is set. One at a time: a stop concerns the whole process, and the
/// work that it must reach is many calls away from who knows of it.
class StopScope {
 public:
  /// `stop` must outlive the scope; a signal handler may set it.
  explicit StopScope(const std::atomic<bool>& stop);
  ~StopScope();
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

 private:
  const std::atomic<bool>* before_;
};

namespace detail {
inline std::atomic<const std::atomic<bool>*> stop_flag{nullptr};
[[noreturn]] void interrupt();
}  // namespace detail

/// For long work, every few milliseconds: throws Interrupted when it is to stop.
inline void poll_stop() {
  const std::atomic<bool>* flag = detail::stop_flag.load(std::memory_order_relaxed);
  if (flag && flag->load(std::memory_order_relaxed)) [[unlikely]]
    detail::interrupt();
}

}  // namespace carousel
