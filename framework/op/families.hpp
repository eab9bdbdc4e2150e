#pragma once
// The table in parts, one .cpp file each, and what their entries share.

#include <algorithm>
#include <vector>

#include "op/functions.hpp"
#include "op/op.hpp"

namespace carousel {

std::vector<Op> elementwise_ops();
std::vector<Op> contraction_ops();
std::vector<Op> reduction_ops();
std::vector<Op> movement_ops();
std::vector<Op> index_ops();
std::vector<Op> matrix_ops();

/// The sizes before, at and behind an axis of a row-major array.
struct AxisSplit {
  Index outer = 1, n = 1, inner = 1;
};

inline AxisSplit split_at(const Shape& shape, int axis) {
  AxisSplit split;
  for (int i = 0; i < axis; ++i) split.outer *= shape[i];
  split.n = shape[axis];
  for (int i = axis + 1; i < shape.rank(); ++i) split.inner *= shape[i];
  return split;
}

inline Shape with_dim(Shape shape, int axis, Index size) {
  shape[axis] = size;
  return shape;
}

inline Attributes with_shape(const Shape& shape) {
  Attributes attributes;
  attributes.shape = shape;
  return attributes;
}

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

}  // namespace carousel
