#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

namespace carousel {

using Index = std::ptrdiff_t;

/// The batch dimension of a step program, whose size is known only when the program runs.
inline constexpr Index batch_dim = -1;

/// Sizes of a row-major array, outermost first. A scalar has rank 0.
class Shape {
 public:
  static constexpr int max_rank = 8;

  Shape() = default;
  /// Throws InputError when there are more than max_rank dimensions.
  Shape(std::initializer_list<Index> dims);

  int rank() const { return rank_; }
  Index operator[](int axis) const { return dims_[static_cast<std::size_t>(axis)]; }
  Index& operator[](int axis) { return dims_[static_cast<std::size_t>(axis)]; }
  const Index* begin() const { return dims_.data(); }
  const Index* end() const { return dims_.data() + rank_; }
  Index back() const { return dims_[static_cast<std::size_t>(rank_ - 1)]; }

  /// Adds an innermost dimension. Throws InputError beyond max_rank.
  void push_back(Index dim);
  /// Number of elements; 1 for a scalar.
  Index numel() const;
  /// "[3, 4]"; the batch dimension of a step program prints as "B".
  std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<Index, max_rank> dims_{};
  int rank_ = 0;
};

/// The shape that `a` and `b` broadcast to by NumPy's rule.
/// `what` names the operation in the InputError thrown when they do not fit.
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* what);

/// Axis in [0, rank) for an axis in [-rank, rank); throws InputError naming `what` otherwise.
int normalise_axis(Index axis, int rank, const char* what);

}  // namespace carousel
