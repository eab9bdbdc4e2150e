#pragma once

#include "tensor/shape.hpp"

namespace carousel {

/// out[r] = the sum over i of log(1 + e^x[r, i]) - y[r, i] x[r, i], without overflow: one
/// exponential an element, and a logarithm of a product of many. Of each row it is as exact as a
/// sum of terms that are rounded one by one, in T. x, y: [rows, n]; out: [rows].
template <class T>
void binary_cross_entropy_rows(const T* x, const T* y, Index rows, Index n, T* out);

}  // namespace carousel
