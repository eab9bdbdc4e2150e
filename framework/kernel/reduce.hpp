#pragma once

#include "tensor/shape.hpp"

namespace carousel {

/// out[o, i] = sum over n of x[o, n, i], always in the same order.
/// x: [outer, n, inner], out: [outer, inner]. Sums over the innermost axis (inner = 1) are
/// carried in double.
template <class T>
void sum_axis(const T* x, Index outer, Index n, Index inner, T* out);

/// out[o] = log(sum over n of exp(x[o, n])), without overflow. x: [outer, n], out: [outer].
template <class T>
void logsumexp_rows(const T* x, Index outer, Index n, T* out);

/// sum over i of x[i]^2, in double. x: [n].
template <class T>
double sum_of_squares(const T* x, Index n);

}  // namespace carousel
