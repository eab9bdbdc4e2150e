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

/// out[o, n] = exp(x[o, n]) / sum over n of exp(x[o, n]), without overflow. A row with a NaN or
/// infinity, or with nothing above minus infinity, becomes NaN. x, out: [outer, n]; n > 0.
template <class T>
void softmax_rows(const T* x, Index outer, Index n, T* out);

/// out[o] = the largest x[o, n], NaN where there is one. x: [outer, n], out: [outer]; n > 0.
template <class T>
void max_rows(const T* x, Index outer, Index n, T* out);

/// out[o, n] = 1 at the first largest element of row o (the first NaN, where there is one), else 0.
/// x, out: [outer, n]; n > 0.
template <class T>
void first_max_rows(const T* x, Index outer, Index n, T* out);

/// out[o, n] = x[o, 0] + .. + x[o, n], or x[o, n] + .. + x[o, last] in reverse; carried in double.
/// x, out: [outer, n].
template <class T>
void cumsum_rows(const T* x, Index outer, Index n, bool reverse, T* out);

/// sum over i of x[i]^2, in double. x: [n].
template <class T>
double sum_of_squares(const T* x, Index n);

}  // namespace carousel
