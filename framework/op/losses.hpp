#pragma once
// Losses of rows as ops of the table, each with its slope, in one pass over the elements. Like
// those of functions.hpp.

#include "op/functions.hpp"

namespace carousel {

/// logsumexp(x) - x at a label, for each row. x: [.., N], labels: [..] of whole numbers in [0, N);
/// out: [..]. No gradient flows to the labels. Throws InputError where one is outside.
Var cross_entropy(Var x, Var labels);
/// g (exp(x - s) - e): the slope of that where s is logsumexp(x) and g the cotangent of its
/// value; e is 1 at the label, else 0. x: [.., N], s, g, labels: [..]; out: [.., N].
Var cross_entropy_slope(Var x, Var s, Var g, Var labels);
/// log(1 + e^x) - y x, summed over the innermost axis. x, y: [.., N]; out: [..].
Var binary_cross_entropy(Var x, Var y);
/// g (sigmoid(x) - y): its slope where g is the cotangent of its value. x, y: [.., N], g: [..];
/// out: [.., N].
Var binary_cross_entropy_slope(Var x, Var y, Var g);

/// What stands in the exponent of K Gaussians with diagonal covariances: the sum over d of
/// z^2 / 2 + b t, with t = tanh(a / b) and z = (y - m) exp(-b t). x: [.., 2 D K], the D K means m,
/// those of element 1 first, then the values a in that order; y: [.., D]; out: [.., K]. bound: b.
Var gaussian_exponent(Var x, Var y, double bound);
/// Its slope by x, where g is the cotangent of its value: -g z exp(-b t), and g (1 - z^2) (1 -
/// t^2). g: [.., K]; out: [.., 2 D K].
Var gaussian_exponent_slope(Var x, Var y, Var g, double bound);

}  // namespace carousel
