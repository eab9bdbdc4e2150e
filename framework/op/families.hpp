#pragma once
// The table in parts, one .cpp file each, and what their entries share.

#include <algorithm>
#include <cmath>
#include <vector>

#include "op/functions.hpp"
#include "op/op.hpp"

namespace carousel {

/// Arithmetic, activations and comparisons, with broadcasting; constant and arange.
std::vector<Op> elementwise_ops();
/// The matrix product.
std::vector<Op> contraction_ops();
/// sum_to, and what goes along the innermost axis: logsumexp, softmax, row_max, first_max, cumsum.
std::vector<Op> reduction_ops();
/// What only moves elements: broadcast_to, reshape, transpose, slice, pad, concat.
std::vector<Op> movement_ops();
/// What gives or reads whole numbers: gather_rows, scatter_rows, pick, unpick, order, take_along,
/// put_along.
std::vector<Op> index_ops();
/// Functions of a square matrix: expm and its derivative, inverse, solve.
std::vector<Op> matrix_ops();
/// Losses of rows and their slopes, in one pass each: cross_entropy, binary_cross_entropy.
std::vector<Op> loss_ops();
/// What a mixture of Gaussians has in its exponents, and its slope.
std::vector<Op> mixture_ops();

/// An entry with its tangent rule.
inline Op with_tangent(Var (*rule)(const TangentCall&), Op op) {
  op.tangent = rule;
  return op;
}

/// The sizes before, at and behind an axis of a row-major array.
struct AxisSplit {
  Index outer = 1,  ///< product of the sizes before the axis
      n = 1,        ///< size of the axis
      inner = 1;    ///< product of those behind
};

/// Splits a shape at an axis in [0, rank).
inline AxisSplit split_at(const Shape& shape, int axis) {
  AxisSplit split;
  for (int i = 0; i < axis; ++i) split.outer *= shape[i];
  split.n = shape[axis];
  for (int i = axis + 1; i < shape.rank(); ++i) split.inner *= shape[i];
  return split;
}

/// The shape with `size` at an axis in [0, rank).
inline Shape with_dim(Shape shape, int axis, Index size) {
  shape[axis] = size;
  return shape;
}

/// Attributes of an op that has a target shape.
inline Attributes with_shape(const Shape& shape) {
  Attributes attributes;
  attributes.shape = shape;
  return attributes;
}

/// Attributes of an op along an axis. axis: from 0, or from the end when negative.
inline Attributes with_range(Index axis, Index begin, Index size) {
  Attributes attributes;
  attributes.axis = axis;
  attributes.begin = begin;
  attributes.size = size;
  return attributes;
}

/// The shape without its innermost dimension.
inline Shape without_last(const Shape& shape) {
  Shape out;
  for (int i = 0; i + 1 < shape.rank(); ++i) out.push_back(shape[i]);
  return out;
}

/// The index at a position: a whole number in [0, n), kept in the tensor's own element type. Throws
/// InputError in the name of `what` where it is none.
template <class T>
Index index_at(const char* what, const Tensor<T>& index, Index position, Index n) {
  const T value = index.data()[position];
  if (!(value >= T(0)) || !(value < static_cast<T>(n)) || value != std::floor(value)) {
    fail_input("{}: got the index {} at position {}, expected a whole number in [0, {})", what,
               value, position, n);
  }
  return static_cast<Index>(value);
}

}  // namespace carousel
