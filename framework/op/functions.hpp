#pragma once
// The ops as C++ functions. They work on a tape and in a step program alike.

#include <span>

#include "op/op.hpp"

namespace carousel {

// Elementwise; operands broadcast by NumPy's rule.
Var neg(Var x);
Var exp(Var x);
Var log(Var x);
Var sqrt(Var x);
/// sqrt(max(x, 0)), whose slope is at most 1000 (De et al. 2024, arXiv:2402.19427, appendix A).
Var clipped_sqrt(Var x);
Var sin(Var x);
Var cos(Var x);
Var tanh(Var x);
/// 1 / (1 + e^-x)
Var sigmoid(Var x);
/// Slopes of tanh and sigmoid, given their values: 1 - y^2 and y (1 - y).
Var tanh_slope(Var y);
Var sigmoid_slope(Var y);
Var relu(Var x);
/// log(1 + e^x)
Var softplus(Var x);
/// 2 / sqrt(pi) times the integral of e^(-u^2) from 0 to x
Var erf(Var x);
/// The largest whole number that is not above x; no gradient
Var floor(Var x);
Var abs(Var x);
/// -1, 0 or 1; no gradient
Var sign(Var x);
/// 1 where x > 0, else 0; no gradient
Var step(Var x);
Var operator+(Var a, Var b);
Var operator-(Var a, Var b);
Var operator*(Var a, Var b);
Var operator/(Var a, Var b);
Var operator-(Var x);
Var operator+(Var a, double b);
Var operator+(double a, Var b);
Var operator-(Var a, double b);
Var operator-(double a, Var b);
Var operator*(Var a, double b);
Var operator*(double a, Var b);
Var operator/(Var a, double b);
Var operator/(double a, Var b);
Var maximum(Var a, Var b);
Var minimum(Var a, Var b);
/// 1 where a < b, else 0; no gradient
Var less(Var a, Var b);
/// a where condition is not 0, else b
Var where(Var condition, Var a, Var b);
/// x, with no gradient
Var stop_gradient(Var x);
/// A scalar in `graph`.
Var constant(Graph& graph, double value);
/// 0, 1, .., n - 1 in `graph`: [n].
Var arange(Graph& graph, Index n);

/// op(a) op(b). a: [.., M, K] (transposed: [.., K, M]), b: [.., K, N] (transposed: [.., N, K]) with
/// the same leading sizes, which one of the two may lack; out: [.., M, N].
Var matmul(Var a, Var b, bool transpose_a = false, bool transpose_b = false);
/// W @ x for each row of a batch: x: [.., in], w: [out, in]; out: [.., out].
Var linear(Var x, Var w);

/// Sum down to a shape that broadcasts to x's (NumPy's rule).
Var sum_to(Var x, const Shape& shape);
/// Sum of all elements, a scalar.
Var sum(Var x);
/// Mean of all elements, a scalar.
Var mean(Var x);
/// log(sum(exp(x))) over the innermost axis: [.., N] to [.., 1].
Var logsumexp(Var x);
/// exp(x - logsumexp(x)): each row positive, with the sum 1.
Var softmax(Var x);
/// Largest element of the innermost axis: [.., N] to [.., 1]. The gradient goes to the first.
Var row_max(Var x);
/// 1 at the first largest element of the innermost axis, else 0; no gradient.
Var first_max(Var x);
/// Running sums along the innermost axis; in reverse, from the last element to the first.
Var cumsum(Var x, bool reverse = false);

Var broadcast_to(Var x, const Shape& shape);
Var reshape(Var x, const Shape& shape);
/// Swaps the last two axes.
Var transpose(Var x);
/// Elements [begin, begin + size) of an axis.
Var slice(Var x, Index axis, Index begin, Index size);
/// Zeros around x, so that x takes [begin, begin + its size) of an axis of `size` elements.
Var pad(Var x, Index axis, Index begin, Index size);
/// Joins along an axis; the other sizes agree.
Var concat(std::span<const Var> parts, Index axis);
/// table: [V, E], index: [..] of whole numbers in [0, V); out: [.., E].
Var gather_rows(Var table, Var index);
/// rows: [.., E], index: [..]; out: [size, E], rows of the same index summed.
Var scatter_rows(Var rows, Var index, Index size);
/// x: [.., N], index: [..] of whole numbers in [0, N); out: [..], x at the index.
Var pick(Var x, Var index);
/// x: [..], index: [..]; out: [.., size], zero but for x at the index.
Var unpick(Var x, Var index, Index size);

/// The matrix exponential: [n, n].
Var expm(Var x);
/// The inverse of a matrix: [n, n]. Throws InputError when the matrix is singular.
Var inverse(Var x);

}  // namespace carousel
