#include "cell/language/values.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

bool leads_with_batch(const Shape& shape) { return shape.rank() > 0 && shape[0] == batch_dim; }

double fold(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return a / b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  if (op == ">=") return a >= b;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  fail_bug("the cell language has no operator '{}'", op);
}

Var apply_operator(std::string_view op, Var a, Var b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return a / b;
  if (op == "<") return less(a, b);
  if (op == "<=") return not_above(a, b);
  if (op == ">") return less(b, a);
  if (op == ">=") return not_above(b, a);
  if (op == "==") return equal(a, b);
  if (op == "!=") return less(a, b) + less(b, a);
  fail_bug("the cell language has no operator '{}'", op);
}

// A batched value gets axes of one element behind the batch, up to a rank; others need none.
Var lengthened(const Value& value, int rank) {
  const Shape shape = value.shape();
  if (!value.batched() || shape.rank() >= rank) return value.var;
  Shape longer;
  for (int i = shape.rank(); i < rank; ++i) longer.push_back(1);
  for (const Index dim : shape) longer.push_back(dim);
  return reshape(value.var, with_batch(longer));
}

}  // namespace

bool Value::batched() const { return !is_number() && leads_with_batch(var.shape()); }

Shape Value::shape() const {
  if (is_number()) return {1};
  const Shape shape = var.shape();
  return leads_with_batch(shape) ? without_batch(shape) : shape;
}

std::string Value::shape_text() const {
  if (is_number()) return "a number";
  return (is_complex() ? "complex " : "") + shape().to_string();
}

Shape with_batch(const Shape& shape) {
  Shape all{batch_dim};
  for (const Index dim : shape) all.push_back(dim);
  return all;
}

std::optional<Shape> broadcast_of(const Shape& a, const Shape& b) {
  Shape out = a.rank() < b.rank() ? b : a;
  for (int i = 1; i <= std::min(a.rank(), b.rank()); ++i) {
    const Index da = a[a.rank() - i], db = b[b.rank() - i];
    if (da != db && da != 1 && db != 1) return {};
    out[out.rank() - i] = da == 1 ? db : da;
  }
  return out;
}

std::optional<Shape> product_of(const Shape& a, const Shape& b) {
  const int left = a.rank(), right = b.rank();
  const auto same_before = [&](int axes) {
    for (int i = 0; i < axes; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  };
  Shape out;
  if (left >= 2 && right == left) {
    if (!same_before(left - 2) || a[left - 1] != b[right - 2]) return {};
    out = a;
    out[left - 1] = b[right - 1];
  } else if (left >= 2 && (right == left - 1 || right == 1)) {  // vectors on the right
    if (right > 1 && !same_before(left - 2)) return {};
    if (a[left - 1] != b[right - 1]) return {};
    for (int i = 0; i + 1 < left; ++i) out.push_back(a[i]);
  } else if (right >= 2 && (left == right - 1 || left == 1)) {  // vectors on the left
    if (left > 1 && !same_before(right - 2)) return {};
    if (a[left - 1] != b[right - 2]) return {};
    for (int i = 0; i < right; ++i) {
      if (i != right - 2) out.push_back(b[i]);
    }
  } else {
    return {};
  }
  return out;
}

Var as_var(Graph& graph, const Value& value) {
  return value.is_number() ? constant(graph, *value.number) : value.var;
}

Var as_array(Graph& graph, const Value& value) {
  return value.is_number() ? broadcast_to(constant(graph, *value.number), {1}) : value.var;
}

Var as_batched(Graph& graph, const Value& value, const Shape& shape) {
  const Var var = value.is_number() ? as_var(graph, value) : lengthened(value, shape.rank());
  return broadcast_to(var, with_batch(shape));
}

Var reshape_one(Var x, const Shape& shape) {
  if (leads_with_batch(x.shape())) return reshape(x, with_batch(shape));
  return reshape(x, shape);
}

std::vector<Var> aligned(Graph& graph, const std::vector<Value>& values) {
  int rank = 0;
  for (const Value& value : values) rank = std::max(rank, value.shape().rank());
  std::vector<Var> vars;
  for (const Value& value : values) {
    vars.push_back(value.is_number() ? as_var(graph, value) : lengthened(value, rank));
  }
  return vars;
}

std::vector<Var> together(Graph& graph, const std::vector<Value>& values,
                          const std::vector<Shape>& shapes) {
  const bool batched = std::ranges::any_of(values, [](const Value& v) { return v.batched(); });
  std::vector<Var> vars;
  for (std::size_t i = 0; i < values.size(); ++i) {
    vars.push_back(batched ? as_batched(graph, values[i], shapes.at(i))
                           : broadcast_to(as_array(graph, values[i]), shapes.at(i)));
  }
  return vars;
}

Var joined(Graph& graph, const std::vector<Value>& values, int axis) {
  std::vector<Shape> shapes;
  for (const Value& value : values) shapes.push_back(value.shape());
  const std::vector<Var> parts = together(graph, values, shapes);
  return parts.size() == 1 ? parts[0] : concat(parts, axis);
}

Var stacked(Graph& graph, const std::vector<Value>& values, int axis) {
  std::vector<Value> parts;
  for (const Value& value : values) {
    const Shape before = value.shape();
    const int rank = before.rank() + 1;
    Shape shape;
    for (int i = 0; i < rank; ++i) {
      if (i == rank + axis) shape.push_back(1);
      if (i + 1 < rank) shape.push_back(before[i]);
    }
    parts.push_back(reshape_one(as_array(graph, value), shape));
  }
  return joined(graph, parts, axis);
}

Var sum_over(Var x, int axis) {
  Shape shape = x.shape();
  shape[shape.rank() + axis] = 1;
  return sum_to(x, shape);
}

Value elementwise(Graph& graph, std::string_view op, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return fold(op, *a.number, *b.number);
  const std::vector<Var> vars = aligned(graph, {a, b});
  return apply_operator(op, vars[0], vars[1]);
}

Var equal(Var a, Var b) { return 1.0 - (less(a, b) + less(b, a)); }

Var not_above(Var a, Var b) { return 1.0 - less(b, a); }

namespace {

// The shape with an axis of one element in front of the last one, or behind it.
Shape as_row(Shape shape) {
  shape.push_back(shape.back());
  shape[shape.rank() - 2] = 1;
  return shape;
}

Shape as_column(Shape shape) {
  shape.push_back(1);
  return shape;
}

// A product where one side has three axes or more: both get the axes of the longer one.
Value product_of_many(Var a, Var b, const Shape& out) {
  const Value left(a), right(b);
  const int rank = std::max(left.shape().rank(), right.shape().rank());
  const Shape& longer = left.shape().rank() == rank ? left.shape() : right.shape();
  std::vector<Value> matrices;
  std::vector<Shape> shapes;
  const auto add = [&](const Value& value, Shape (*as_matrix)(Shape)) {
    const bool is_matrix = value.shape().rank() == rank;
    const Shape matrix = is_matrix ? value.shape() : as_matrix(value.shape());
    shapes.push_back(longer);
    for (int i = 1; i <= 2; ++i) shapes.back()[rank - i] = matrix[matrix.rank() - i];
    matrices.push_back(is_matrix ? value : Value(reshape_one(value.var, matrix)));
  };
  add(left, as_row);
  add(right, as_column);
  const std::vector<Var> full = together(*a.graph, matrices, shapes);
  return reshape_one(matmul(full[0], full[1]), out);
}

}  // namespace

Value product(Var a, Var b) {
  const Value left(a), right(b);
  const Shape out = *product_of(left.shape(), right.shape());
  const bool is_vector = right.batched() && right.shape().rank() == 1;
  if (left.shape().rank() > 2 && !left.batched() && is_vector) {  // all matrices below each other
    const Index inner = left.shape().back();
    return reshape_one(linear(b, reshape(a, {left.shape().numel() / inner, inner})), out);
  }
  if (left.shape().rank() > 2 || right.shape().rank() > 2) return product_of_many(a, b, out);
  const Index inner = right.shape()[0];
  if (left.shape().rank() == 1) {
    if (left.batched() && !right.batched()) return matmul(a, b);
    return reshape_one(matmul(reshape_one(a, {1, inner}), b), out);
  }
  if (right.shape().rank() == 2) return matmul(a, b);
  if (!left.batched()) {
    if (right.batched()) return linear(b, a);
    return reshape(linear(reshape(b, {1, inner}), a), out);
  }
  return reshape_one(matmul(a, reshape_one(b, {inner, 1})), out);
}

Value power(Graph& graph, const Value& a, int n) {
  if (a.is_number()) return std::pow(*a.number, n);
  if (n == 0) return broadcast_to(constant(graph, 1.0), a.var.shape());
  const auto times = [&](const Value& b, const Value& c) -> Value {
    return a.is_complex() ? complex_operation(graph, "*", b, c) : Value(b.var * c.var);
  };
  std::optional<Value> result;
  Value square = a;
  for (int left = std::abs(n); left > 0; left /= 2) {
    if (left % 2 == 1) result = result ? times(*result, square) : square;
    if (left > 1) square = times(square, square);
  }
  if (n > 0) return *result;
  return a.is_complex() ? complex_operation(graph, "/", 1.0, *result) : Value(1.0 / result->var);
}

Value real_part(const Value& value) { return value.is_complex() ? Value(value.var) : value; }

Value imaginary_part(const Value& value) {
  if (value.is_complex()) return value.imaginary;
  return value.is_number() ? Value(0.0) : Value(value.var * 0.0);
}

Value complex_of(Graph& graph, const Value& real, const Value& imaginary) {
  const Shape shape = *broadcast_of(real.shape(), imaginary.shape());
  const std::vector<Var> parts = together(graph, {real, imaginary}, {shape, shape});
  return {parts[0], parts[1]};
}

namespace {

// The parts of a value; a real one has no second.
struct Parts {
  Value real;
  std::optional<Value> imaginary = {};
};

Parts parts_of(const Value& value) {
  if (!value.is_complex()) return {value};
  return {value.var, Value(value.imaginary)};
}

using Term = std::optional<Value>;

// a + b or a - b, where either may be missing.
Term sum_of(Graph& graph, std::string_view sign, const Term& a, const Term& b) {
  if (a && b) return elementwise(graph, sign, *a, *b);
  if (a) return a;
  if (!b || sign == "+") return b;
  return b->is_number() ? Value(-*b->number) : Value(-b->var);
}

}  // namespace

Value complex_operation(Graph& graph, std::string_view op, const Value& a, const Value& b) {
  const Parts left = parts_of(a), right = parts_of(b);
  if (op == "+" || op == "-") {
    return complex_of(graph, elementwise(graph, op, left.real, right.real),
                      *sum_of(graph, op, left.imaginary, right.imaginary));
  }
  if (op == "/" && !right.imaginary) {
    return complex_of(graph, elementwise(graph, "/", left.real, b),
                      elementwise(graph, "/", *left.imaginary, b));
  }
  if (op == "/") {  // times the conjugate, over the square of the magnitude
    const Value conjugate(b.var, -b.imaginary);
    const Value magnitude(b.var * b.var + b.imaginary * b.imaginary);
    return complex_operation(graph, "/", complex_operation(graph, "*", a, conjugate), magnitude);
  }
  const auto times = [&](const Term& x, const Term& y) -> Term {
    if (!x || !y) return {};
    if (op == "@") return product(as_array(graph, *x), as_array(graph, *y));
    return elementwise(graph, op, *x, *y);
  };
  const Term real =
      sum_of(graph, "-", times(left.real, right.real), times(left.imaginary, right.imaginary));
  const Term imaginary =
      sum_of(graph, "+", times(left.real, right.imaginary), times(left.imaginary, right.real));
  return complex_of(graph, *real, *imaginary);
}

}  // namespace carousel
