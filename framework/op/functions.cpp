#include "op/functions.hpp"

#include <array>

#include "op/families.hpp"

namespace carousel {
namespace {

Graph& graph_of(Var x) {
  if (!x.defined()) fail_input("got an empty var");
  return *x.graph;
}

}  // namespace

// The entry of the table is looked up once.
#define CAROUSEL_UNARY(function, op_name)      \
  Var function(Var x) {                        \
    static const Op& op = find_op(op_name);    \
    return carousel::apply(op, std::array{x}); \
  }
#define CAROUSEL_BINARY(function, op_name)        \
  Var function(Var a, Var b) {                    \
    static const Op& op = find_op(op_name);       \
    return carousel::apply(op, std::array{a, b}); \
  }

CAROUSEL_UNARY(neg, "neg")
CAROUSEL_UNARY(operator-, "neg")
CAROUSEL_UNARY(exp, "exp")
CAROUSEL_UNARY(log, "log")
CAROUSEL_UNARY(sqrt, "sqrt")
CAROUSEL_UNARY(clipped_sqrt, "clipped_sqrt")
CAROUSEL_UNARY(sin, "sin")
CAROUSEL_UNARY(cos, "cos")
CAROUSEL_UNARY(tanh, "tanh")
CAROUSEL_UNARY(sigmoid, "sigmoid")
CAROUSEL_UNARY(tanh_slope, "tanh_slope")
CAROUSEL_UNARY(sigmoid_slope, "sigmoid_slope")
CAROUSEL_UNARY(relu, "relu")
CAROUSEL_UNARY(softplus, "softplus")
CAROUSEL_UNARY(erf, "erf")
CAROUSEL_UNARY(asinh, "asinh")
CAROUSEL_UNARY(atanh, "atanh")
CAROUSEL_UNARY(floor, "floor")
CAROUSEL_UNARY(abs, "abs")
CAROUSEL_UNARY(sign, "sign")
CAROUSEL_UNARY(step, "step")
CAROUSEL_UNARY(stop_gradient, "stop_gradient")
CAROUSEL_UNARY(logsumexp, "logsumexp")
CAROUSEL_UNARY(softmax, "softmax")
CAROUSEL_UNARY(row_max, "row_max")
CAROUSEL_UNARY(first_max, "first_max")
CAROUSEL_UNARY(transpose, "transpose")
CAROUSEL_UNARY(expm, "expm")
CAROUSEL_UNARY(inverse, "inverse")
CAROUSEL_BINARY(operator+, "add")
CAROUSEL_BINARY(operator-, "sub")
CAROUSEL_BINARY(operator*, "mul")
CAROUSEL_BINARY(operator/, "div")
CAROUSEL_BINARY(safe_mul, "safe_mul")
CAROUSEL_BINARY(safe_div, "safe_div")
CAROUSEL_BINARY(pow, "pow")
CAROUSEL_BINARY(maximum, "maximum")
CAROUSEL_BINARY(minimum, "minimum")
CAROUSEL_BINARY(less, "less")
CAROUSEL_BINARY(gather_rows, "gather_rows")
CAROUSEL_BINARY(pick, "pick")
CAROUSEL_BINARY(take_along, "take_along")
CAROUSEL_BINARY(expm_frechet, "expm_frechet")

#undef CAROUSEL_UNARY
#undef CAROUSEL_BINARY

Var operator+(Var a, double b) { return a + constant(graph_of(a), b); }
Var operator+(double a, Var b) { return constant(graph_of(b), a) + b; }
Var operator-(Var a, double b) { return a - constant(graph_of(a), b); }
Var operator-(double a, Var b) { return constant(graph_of(b), a) - b; }
Var operator*(Var a, double b) { return a * constant(graph_of(a), b); }
Var operator*(double a, Var b) { return constant(graph_of(b), a) * b; }
Var operator/(Var a, double b) { return a / constant(graph_of(a), b); }
Var operator/(double a, Var b) { return constant(graph_of(b), a) / b; }

Var where(Var condition, Var a, Var b) {
  static const Op& op = find_op("where");
  return carousel::apply(op, std::array{condition, a, b});
}

Var constant(Graph& graph, double value) {
  static const Op& op = find_op("constant");
  Attributes attributes;
  attributes.value = value;
  return graph.apply(op, {}, attributes);
}

Var arange(Graph& graph, Index n) {
  static const Op& op = find_op("arange");
  return graph.apply(op, {}, with_range(-1, 0, n));
}

Var matmul(Var a, Var b, bool transpose_a, bool transpose_b) {
  static const Op& op = find_op("matmul");
  Attributes attributes;
  attributes.transpose_a = transpose_a;
  attributes.transpose_b = transpose_b;
  return carousel::apply(op, std::array{a, b}, attributes);
}

Var solve(Var a, Var b, bool transpose_a) {
  static const Op& op = find_op("solve");
  Attributes attributes;
  attributes.transpose_a = transpose_a;
  return carousel::apply(op, std::array{a, b}, attributes);
}

Var linear(Var x, Var w) { return matmul(x, w, false, true); }

Var sum_to(Var x, const Shape& shape) {
  static const Op& op = find_op("sum_to");
  return x.shape() == shape ? x : carousel::apply(op, std::array{x}, with_shape(shape));
}

Var sum(Var x) { return sum_to(x, {}); }

Var mean(Var x) { return sum(x) / static_cast<double>(x.shape().numel()); }

Var cumsum(Var x, bool reverse) {
  static const Op& op = find_op("cumsum");
  Attributes attributes;
  attributes.reverse = reverse;
  return carousel::apply(op, std::array{x}, attributes);
}

Var broadcast_to(Var x, const Shape& shape) {
  static const Op& op = find_op("broadcast_to");
  return x.shape() == shape ? x : carousel::apply(op, std::array{x}, with_shape(shape));
}

Var reshape(Var x, const Shape& shape) {
  static const Op& op = find_op("reshape");
  return x.shape() == shape ? x : carousel::apply(op, std::array{x}, with_shape(shape));
}

Var slice(Var x, Index axis, Index begin, Index size) {
  static const Op& op = find_op("slice");
  return carousel::apply(op, std::array{x}, with_range(axis, begin, size));
}

Var pad(Var x, Index axis, Index begin, Index size) {
  static const Op& op = find_op("pad");
  return carousel::apply(op, std::array{x}, with_range(axis, begin, size));
}

Var concat(std::span<const Var> parts, Index axis) {
  static const Op& op = find_op("concat");
  return carousel::apply(op, parts, with_range(axis, 0, 0));
}

Var scatter_rows(Var rows, Var index, Index size) {
  static const Op& op = find_op("scatter_rows");
  return carousel::apply(op, std::array{rows, index}, with_range(-1, 0, size));
}

Var order(Var x, bool falling) {
  static const Op& op = find_op("order");
  Attributes attributes;
  attributes.reverse = falling;
  return carousel::apply(op, std::array{x}, attributes);
}

Var put_along(Var x, Var index, Index size) {
  static const Op& op = find_op("put_along");
  return carousel::apply(op, std::array{x, index}, with_range(-1, 0, size));
}

Var unpick(Var x, Var index, Index size) {
  static const Op& op = find_op("unpick");
  return carousel::apply(op, std::array{x, index}, with_range(-1, 0, size));
}

}  // namespace carousel
