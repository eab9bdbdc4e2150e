#pragma once

#include "tape/tape.hpp"

namespace carousel {

/// Gradients of the sum of `values` times `cotangents` with respect to each of `wrt`, in their
/// shapes; zeros where there is no path. cotangents: one for each value, of its shape, or an empty
/// handle, which is zero. Without the pass over the values that such a sum would take.
template <class T>
std::vector<Tensor<T>> vector_jacobian_product(Tape<T>& tape, std::span<const Var> values,
                                               std::vector<Tensor<T>> cotangents,
                                               std::span<const Var> wrt);

}  // namespace carousel
