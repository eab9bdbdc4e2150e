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

std::string Value::shape_text() const { return is_number() ? "a number" : shape().to_string(); }

Shape without_batch(const Shape& shape) {
  Shape rest;
  for (int i = 1; i < shape.rank(); ++i) rest.push_back(shape[i]);
  return rest;
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
  if (a.rank() != 2 || b.rank() < 1 || b.rank() > 2 || a[1] != b[0]) return {};
  if (b.rank() == 1) return Shape{a[0]};
  return Shape{a[0], b[1]};
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

Value elementwise(Graph& graph, std::string_view op, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return fold(op, *a.number, *b.number);
  const std::vector<Var> vars = aligned(graph, {a, b});
  return apply_operator(op, vars[0], vars[1]);
}

Var equal(Var a, Var b) { return 1.0 - (less(a, b) + less(b, a)); }

Var not_above(Var a, Var b) { return 1.0 - less(b, a); }

Value product(Var a, Var b) {
  const Value left(a), right(b);
  const Shape out = *product_of(left.shape(), right.shape());
  const Index inner = right.shape()[0];
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
  std::optional<Var> result;
  Var square = a.var;
  for (int left = std::abs(n); left > 0; left /= 2) {
    if (left % 2 == 1) result = result ? *result * square : square;
    if (left > 1) square = square * square;
  }
  return n < 0 ? 1.0 / *result : *result;
}

}  // namespace carousel
