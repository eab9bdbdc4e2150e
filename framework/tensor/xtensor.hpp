#pragma once
// The bridge to xtensor, the array language of this library. Include it in .cpp files only: xtensor
// is slow to compile, and no other header here needs it. Keep an expression in a tensor before it
// leaves a function; `auto` would keep references.

#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>

#include "tensor/tensor.hpp"

namespace carousel {

/// A shape as xtensor has it.
inline std::vector<std::size_t> xt_shape(const Shape& shape) {
  return {shape.begin(), shape.end()};
}

/// The tensor's memory, without a copy, as a row-major xtensor container of dynamic rank; the
/// tensor must outlive it. What is assigned to it must have its shape, or broadcast to it.
template <class T>
auto as_xt(Tensor<T>& t) {
  return xt::adapt<xt::layout_type::row_major>(t.data(), static_cast<std::size_t>(t.numel()),
                                               xt::no_ownership(), xt_shape(t.shape()));
}

/// The same of a tensor that is not written to.
template <class T>
auto as_xt(const Tensor<T>& t) {
  return xt::adapt<xt::layout_type::row_major>(t.data(), static_cast<std::size_t>(t.numel()),
                                               xt::no_ownership(), xt_shape(t.shape()));
}

/// Evaluates an xtensor expression into a new tensor of its shape: from_xt<float>(2 * as_xt(x)).
template <class T, class Expression>
Tensor<T> from_xt(const Expression& expression) {
  Shape shape;
  for (const auto dim : expression.shape()) shape.push_back(static_cast<Index>(dim));
  Tensor<T> t = Tensor<T>::uninitialised(shape);
  xt::noalias(as_xt(t)) = expression;
  return t;
}

}  // namespace carousel
