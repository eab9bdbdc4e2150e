#pragma once
// The ops as C++ functions. They work on a tape and in a step program alike. All throw InputError
// where shapes do not fit, with the name of the op and the shapes.

#include <span>

#include "op/op.hpp"

namespace carousel {

// Elementwise: the result has the shape of x; of several operands, the shape that they broadcast to
// by NumPy's rule.

/// -x
Var neg(Var x);
/// e^x
Var exp(Var x);
/// Natural logarithm: NaN where x < 0, minus infinity at 0.
Var log(Var x);
/// Square root: NaN where x < 0; its slope at 0 is infinite, see clipped_sqrt().
Var sqrt(Var x);
/// sqrt(max(x, 0)), whose slope is at most 1000 (De et al. 2024, arXiv:2402.19427, appendix A).
Var clipped_sqrt(Var x);
/// Sine of x, an angle in radians.
Var sin(Var x);
/// Cosine of x, an angle in radians.
Var cos(Var x);
/// Hyperbolic tangent, in (-1, 1).
Var tanh(Var x);
/// 1 / (1 + e^-x)
Var sigmoid(Var x);
/// 1 - y^2: the slope of tanh where its value is y.
Var tanh_slope(Var y);
/// y (1 - y): the slope of sigmoid where its value is y.
Var sigmoid_slope(Var y);
/// max(x, 0); the slope at 0 is 0.
Var relu(Var x);
/// log(1 + e^x)
Var softplus(Var x);
/// 2 / sqrt(pi) times the integral of e^(-u^2) from 0 to x
Var erf(Var x);
/// Inverse hyperbolic sine of x.
Var asinh(Var x);
/// Inverse hyperbolic tangent of x: NaN beyond -1 and 1.
Var atanh(Var x);
/// The largest whole number that is not above x; no gradient
Var floor(Var x);
/// |x|; the slope at 0 is 0.
Var abs(Var x);
/// -1, 0 or 1; no gradient
Var sign(Var x);
/// 1 where x > 0, else 0; no gradient
Var step(Var x);
///@{
/// Elementwise arithmetic. A number is a scalar constant in the graph of the var. Throws InputError
/// where shapes do not broadcast, as all functions of several operands do.
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
///@}
/// a b, and 0 where a is 0 whatever b is, as safe_div().
Var safe_mul(Var a, Var b);
/// a / b, and 0 where a is 0 whatever b is: a cotangent of 0, as of the side of where() that is not
/// taken, stays 0 behind a slope that is infinite or NaN.
Var safe_div(Var a, Var b);
/// a to the power of b: NaN where a < 0 and b is no whole number. pow(a, 0) is 1.
Var pow(Var a, Var b);
/// The larger of a and b. Where they are equal, all of the gradient goes to a.
Var maximum(Var a, Var b);
/// The smaller of a and b. Where they are equal, all of the gradient goes to a.
Var minimum(Var a, Var b);
/// 1 where a < b, else 0; no gradient
Var less(Var a, Var b);
/// a where condition is not 0, else b; no gradient flows to the condition.
Var where(Var condition, Var a, Var b);
/// x, with no gradient
Var stop_gradient(Var x);
/// A scalar in `graph`, shape [].
Var constant(Graph& graph, double value);
/// 0, 1, .., n - 1 in `graph`: [n].
Var arange(Graph& graph, Index n);

/// op(a) op(b). a: [.., M, K] (transposed: [.., K, M]), b: [.., K, N] (transposed: [.., N, K]) with
/// the same leading sizes, which one of the two may lack; out: [.., M, N]. In a step program it
/// throws InputError too where it would mix the sequences of a batch.
Var matmul(Var a, Var b, bool transpose_a = false, bool transpose_b = false);
/// w x for each row of x: [.., rows, in], w: [out, in]; out: [.., rows, out].
Var linear(Var x, Var w);

/// Sum over the axes that `shape` lacks or has as 1. Throws InputError where it does not broadcast
/// to x's by NumPy's rule.
Var sum_to(Var x, const Shape& shape);
/// Sum of all elements: [].
Var sum(Var x);
/// Mean of all elements: []. On a tape; the size of a batch is not known in a step program.
Var mean(Var x);
/// log(sum(exp(x))) over the innermost axis: [.., N] to [.., 1]. This and what follows along that
/// axis throw InputError where N is 0.
Var logsumexp(Var x);
/// exp(x - logsumexp(x)) over the innermost axis, in the shape of x: positive, with the sum 1.
Var softmax(Var x);
/// Largest element of the innermost axis: [.., N] to [.., 1]. The gradient goes to the first.
Var row_max(Var x);
/// 1 at the first largest element of the innermost axis, else 0, in the shape of x; no gradient.
Var first_max(Var x);
/// Running sums along the innermost axis, in the shape of x; in reverse, from the last element to
/// the first.
Var cumsum(Var x, bool reverse = false);

/// x repeated to `shape`. Throws InputError where x does not broadcast to it by NumPy's rule.
Var broadcast_to(Var x, const Shape& shape);
/// The same elements, row-major, in another shape. Throws InputError where it has not as many.
Var reshape(Var x, const Shape& shape);
/// Swaps the last two axes: [.., M, N] to [.., N, M]. Throws InputError below rank 2.
Var transpose(Var x);
/// Elements [begin, begin + size) of an axis, which has `size` elements then. axis: from 0, or from
/// the end when negative, as below. Throws InputError where the range leaves the axis.
Var slice(Var x, Index axis, Index begin, Index size);
/// Zeros around x, so that x takes [begin, begin + its size) of an axis of `size` elements. Throws
/// InputError where that leaves the axis.
Var pad(Var x, Index axis, Index begin, Index size);
/// Joins along an axis. Throws InputError without parts, or where the other sizes differ.
Var concat(std::span<const Var> parts, Index axis);
/// Rows of a table. table: [V, E], index: [..] of whole numbers in [0, V); out: [.., E]. No
/// gradient flows to the index. Throws InputError where one is outside.
Var gather_rows(Var table, Var index);
/// Rows summed into a table by index. rows: [.., E], index: [..] of whole numbers in [0, size);
/// out: [size, E], zero where there is no row. Throws InputError where an index is outside.
Var scatter_rows(Var rows, Var index, Index size);
/// The element of each row at an index. x: [.., N], index: [..] of whole numbers in [0, N);
/// out: [..]. Throws InputError where an index is outside.
Var pick(Var x, Var index);
/// Rows of zeros but for one element. x: [..], index: [..] of whole numbers in [0, size);
/// out: [.., size], x at the index. Throws InputError where an index is outside.
Var unpick(Var x, Var index, Index size);
/// The places of the elements of the innermost axis from the smallest to the largest, or, falling,
/// from the largest: whole numbers in the shape of x; no gradient. Equals keep their order; a NaN
/// comes last.
Var order(Var x, bool falling = false);
/// Elements of each row. x: [.., N], index: [.., K] of whole numbers in [0, N); out: [.., K].
/// Throws InputError where an index is outside.
Var take_along(Var x, Var index);
/// Elements summed into rows of zeros. x, index: [.., K], whole numbers in [0, size);
/// out: [.., size]. Throws InputError where an index is outside.
Var put_along(Var x, Var index, Index size);

/// The matrix exponential of [n, n], computed in double. Throws InputError for another shape.
Var expm(Var x);
/// The derivative of expm(a) along e, both [n, n], computed in double; linear in e. Throws
/// InputError for other shapes.
Var expm_frechet(Var a, Var e);
/// The inverse of each matrix of [.., n, n], computed in double; NaN where it is singular. Throws
/// InputError for another shape.
Var inverse(Var x);
/// x of a x = b (of a^T x = b), computed in double: by Cholesky factors where a is symmetric
/// and positive definite, else by LU factors. a: [.., n, n], b, x: [.., n, k] with the same leading
/// sizes. NaN where a matrix is singular. Throws InputError for other shapes.
Var solve(Var a, Var b, bool transpose_a = false);

}  // namespace carousel
