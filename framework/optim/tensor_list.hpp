#pragma once

#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

// Values of all parameters as one long vector. Both operands have tensors of the same shapes.

/// Zeros in the shapes of `like`.
template <class T>
std::vector<Tensor<T>> zeros_like(const std::vector<Tensor<T>>& like);

/// Copies with memory of their own.
template <class T>
std::vector<Tensor<T>> clones(const std::vector<Tensor<T>>& values);

/// The scalar product, carried in double, in a fixed order.
template <class T>
double dot(const std::vector<Tensor<T>>& a, const std::vector<Tensor<T>>& b);

/// sum += scale x, in place.
template <class T>
void add_scaled(std::vector<Tensor<T>>& sum, double scale, const std::vector<Tensor<T>>& x);

/// values *= scale, in place.
template <class T>
void scale_by(std::vector<Tensor<T>>& values, double scale);

/// a + scale b, with memory of its own.
template <class T>
std::vector<Tensor<T>> moved(const std::vector<Tensor<T>>& a, double scale,
                             const std::vector<Tensor<T>>& b);

}  // namespace carousel
