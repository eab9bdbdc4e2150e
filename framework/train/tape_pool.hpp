#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "tape/tape.hpp"

namespace carousel {

/// Tapes for tasks that come and go, as many as are at work at a time: whoever takes one finds the
/// memory that another left. Several threads may ask.
template <class T>
class TapePool {
 public:
  /// Calls f(tape), which is empty and its own in the meantime. What f leaves on it is forgotten.
  template <class F>
  void lend(F&& f) {
    std::unique_ptr<Tape<T>> tape = take();
    f(*tape);
    tape->clear();
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(tape));
  }

 private:
  std::unique_ptr<Tape<T>> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Tape<T>>();
    std::unique_ptr<Tape<T>> tape = std::move(free_.back());
    free_.pop_back();
    return tape;
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Tape<T>>> free_;
};

}  // namespace carousel
