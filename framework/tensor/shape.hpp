#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

namespace carousel {

/// Sizes, offsets and counts of elements; signed, so that differences are safe.
using Index = std::ptrdiff_t;

/// The batch dimension of a step program, whose size is known only when the program runs.
inline constexpr Index batch_dim = -1;

/// Sizes of a row-major array, outermost first. A scalar has rank 0.
class Shape {
 public:
  /// Most dimensions that a tensor can have.
  static constexpr int max_rank = 8;

  Shape() = default;
  /// Throws InputError when there are more than max_rank dimensions.
  Shape(std::initializer_list<Index> dims);

  /// Number of dimensions.
  int rank() const { return rank_; }
  ///@{
  /// Size of an axis in [0, rank), which is not checked.
  Index operator[](int axis) const { return dims_[static_cast<std::size_t>(axis)]; }
  Index& operator[](int axis) { return dims_[static_cast<std::size_t>(axis)]; }
  ///@}
  ///@{
  /// The sizes in order, outermost first.
  const Index* begin() const { return dims_.data(); }
  const Index* end() const { return dims_.data() + rank_; }
  ///@}
  /// Size of the innermost dimension; the rank must be at least 1.
  Index back() const { return dims_[static_cast<std::size_t>(rank_ - 1)]; }

  /// Adds an innermost dimension. Throws InputError beyond max_rank.
  void push_back(Index dim);
  /// Number of elements; 1 for a scalar.
  Index numel() const;
  /// "[3, 4]"; the batch dimension of a step program prints as "B".
  std::string to_string() const;

  /// True when rank and all sizes agree; nothing is broadcast.
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
