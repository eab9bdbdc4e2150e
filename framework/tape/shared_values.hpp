#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// Values that several tapes read while they run side by side: parameters, in memory that does not
/// change meanwhile. What is made of those alone can then be made once for all (see Tape::share).
template <class T>
class SharedValues {
 public:
  /// From now on these. They, or their memory, may change when no tape is at work with them.
  void set(const std::vector<Tensor<T>>& values) {
    static std::atomic<std::uint64_t> last{0};
    values_ = values;
    generation_ = ++last;
  }
  /// What set() was given.
  const std::vector<Tensor<T>>& get() const { return values_; }
  /// Another number after each set() of the process; 0 in front of the first.
  std::uint64_t generation() const { return generation_; }
  /// Whether this is one of them, in the same memory.
  bool has(const Tensor<T>& value) const {
    for (const Tensor<T>& own : values_) {
      if (own.data() == value.data() && own.shape() == value.shape()) return true;
    }
    return false;
  }

 private:
  std::vector<Tensor<T>> values_;
  std::uint64_t generation_ = 0;
};

}  // namespace carousel
