#pragma once
// The bridge to xtensor, for .cpp files only: xtensor is slow to compile.
// Keep an expression in a tensor before it leaves a function; `auto` would keep references.

#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>

#include "tensor/tensor.hpp"

namespace carousel {

inline std::vector<std::size_t> xt_shape(const Shape& shape) {
  return {shape.begin(), shape.end()};
}

/// The tensor's memory as an xtensor container of dynamic rank; the tensor must outlive it.
template <class T>
auto as_xt(Tensor<T>& t) {
  return xt::adapt<xt::layout_type::row_major>(t.data(), static_cast<std::size_t>(t.numel()),
                                               xt::no_ownership(), xt_shape(t.shape()));
}

template <class T>
auto as_xt(const Tensor<T>& t) {
  return xt::adapt<xt::layout_type::row_major>(t.data(), static_cast<std::size_t>(t.numel()),
                                               xt::no_ownership(), xt_shape(t.shape()));
}

/// Evaluates an xtensor expression into a new tensor.
template <class T, class Expression>
Tensor<T> from_xt(const Expression& expression) {
  Shape shape;
  for (const auto dim : expression.shape()) shape.push_back(static_cast<Index>(dim));
  Tensor<T> t = Tensor<T>::uninitialised(shape);
  xt::noalias(as_xt(t)) = expression;
  return t;
}

}  // namespace carousel
