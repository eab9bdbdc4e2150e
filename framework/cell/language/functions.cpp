#include "cell/language/functions.hpp"

#include <algorithm>
#include <cmath>

#include "op/composites.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

using Vars = std::span<const Var>;

template <Var (*function)(Var)>
Var one(Vars v) {
  return function(v[0]);
}

// The same, of a function that the op room names.
template <Var (*function)(Var)>
Function elementwise() {
  return {std::string(composite_name(function)), 1, 1, one<function>};
}

// One array to another one.
template <Var (*function)(Var)>
Value of_array(FunctionCall& call) {
  return function(call.array(0));
}

// Sum over the last axis, which stays with one element.
Var row_sum(Var v) {
  Shape shape = v.shape();
  shape[shape.rank() - 1] = 1;
  return sum_to(v, shape);
}

Var row_mean(Var v) { return row_sum(v) / static_cast<double>(v.shape().back()); }

// Without the last axis, which has one element; a vector keeps it.
Var drop_last(Var v) {
  Shape shape = Value(v).shape();
  if (shape.rank() == 1) return v;
  Shape out;
  for (int i = 0; i + 1 < shape.rank(); ++i) out.push_back(shape[i]);
  return reshape_one(v, out);
}

Value maximum_of(FunctionCall& call) {
  if (call.count() == 1) return drop_last(row_max(call.array(0)));
  Shape shape;
  const std::vector<Value> values = call.fitting(shape);
  if (values[0].is_number() && values[1].is_number()) {
    return std::max(*values[0].number, *values[1].number);
  }
  const std::vector<Var> vars = aligned(call.graph(), values);
  return maximum(vars[0], vars[1]);
}

Value rms_norm(FunctionCall& call) {
  const Var v = call.array(0);
  return v / sqrt(row_mean(v * v) + 1e-5);
}

Value select(FunctionCall& call) {
  const Value condition = call.value(0);
  if (condition.is_number()) return call.value(*condition.number != 0.0 ? 1 : 2);
  const std::vector<Value> values{condition, call.value(1), call.value(2)};
  const auto sides = broadcast_of(values[1].shape(), values[2].shape());
  if (!sides || !broadcast_of(*sides, condition.shape())) call.fail_shapes(values);
  const std::vector<Var> vars = aligned(call.graph(), values);
  return where(vars[0], vars[1], vars[2]);
}

Value join(FunctionCall& call) {
  const std::vector<Value> values = call.values();
  const bool batched =
      std::any_of(values.begin(), values.end(), [](const Value& v) { return v.batched(); });
  const auto leading = [](Shape shape) {
    shape[shape.rank() - 1] = 1;
    return shape;
  };
  std::vector<Var> parts;
  for (const Value& value : values) {
    if (!(leading(value.shape()) == leading(values[0].shape()))) call.fail_shapes(values);
    parts.push_back(batched ? as_batched(call.graph(), value, value.shape())
                            : as_array(call.graph(), value));
  }
  return parts.size() == 1 ? parts[0] : concat(parts, -1);
}

Value reshaped(FunctionCall& call) {
  const Var v = call.array(0);
  const Shape shape = call.shape(1);
  if (Value(v).shape().numel() != shape.numel()) {
    call.fail(fmt::format("{} is {}, it can't become {}", text_of(call.argument(0).place),
                          Value(v).shape_text(), shape.to_string()));
  }
  return reshape_one(v, shape);
}

Value roll(FunctionCall& call) {
  const Var v = call.array(0);
  const Index n = v.shape().back();
  const Index by = ((call.whole(1) % n) + n) % n;
  if (by == 0) return v;
  return concat(std::vector{slice(v, -1, n - by, by), slice(v, -1, 0, n - by)}, -1);
}

// [.., n] by way of two axes, one of them repeated, to [.., times n].
Value repeated(FunctionCall& call, bool each) {
  const Var v = call.array(0);
  const Index times = call.size(1);
  Shape shape = v.shape();
  const Index n = shape.back();
  Shape apart, full;
  for (int i = 0; i + 1 < shape.rank(); ++i) {
    apart.push_back(shape[i]);
    full.push_back(shape[i]);
  }
  apart.push_back(each ? n : 1);
  apart.push_back(each ? 1 : n);
  full.push_back(each ? n : times);
  full.push_back(each ? times : n);
  shape[shape.rank() - 1] = n * times;
  return reshape(broadcast_to(reshape(v, apart), full), shape);
}

Value outer(FunctionCall& call) {
  const Var a = call.of_rank(0, 1), b = call.of_rank(1, 1);
  return reshape_one(a, {a.shape().back(), 1}) * reshape_one(b, {1, b.shape().back()});
}

Value dot(FunctionCall& call) {
  const Var a = call.of_rank(0, 1), b = call.of_rank(1, 1);
  if (a.shape().back() != b.shape().back()) call.fail_shapes({a, b});
  return row_sum(a * b);
}

// The numbers of the rows as a column, those of the columns as a row.
struct Places {
  Var row, column;
};

Places places(Graph& graph, Index rows, Index columns) {
  return {reshape(arange(graph, rows), {rows, 1}), reshape(arange(graph, columns), {1, columns})};
}

Var identity(Graph& graph, Index n) {
  const Places at = places(graph, n, n);
  return equal(at.row, at.column);
}

Value block_diagonal(FunctionCall& call) {
  const Var v = call.of_rank(0, 3);
  const Shape s = Value(v).shape();
  const Var mask = reshape(identity(call.graph(), s[0]), {s[0], 1, s[0], 1});
  return reshape_one(reshape_one(v, {s[0], s[1], 1, s[2]}) * mask, {s[0] * s[1], s[0] * s[2]});
}

Value triangle(FunctionCall& call, bool lower) {
  const Var v = call.of_rank(0, 2);
  const Index diagonal = call.count() > 1 ? call.whole(1) : 0;
  const Shape s = Value(v).shape();
  const Places at = places(call.graph(), s[0], s[1]);
  const Var shifted = diagonal == 0 ? at.row : at.row + static_cast<double>(diagonal);
  return v * (lower ? not_above(at.column, shifted) : not_above(shifted, at.column));
}

Value of_square(FunctionCall& call, Var (*function)(Var)) {
  const Var v = call.of_rank(0, 2);
  const Shape s = Value(v).shape();
  if (s[0] != s[1]) {
    call.fail(fmt::format("{} is {}, expected a square matrix", text_of(call.argument(0).place),
                          s.to_string()));
  }
  if (Value(v).batched()) {
    call.fail(fmt::format("{} differs from step to step, expected an expression of parameters",
                          text_of(call.argument(0).place)));
  }
  return function(v);
}

Value transposed(FunctionCall& call) {
  const Var v = call.array(0);
  if (Value(v).shape().rank() < 2) {
    call.fail(fmt::format("{} is {}, expected a matrix", text_of(call.argument(0).place),
                          Value(v).shape_text()));
  }
  return transpose(v);
}

Value straight_through(FunctionCall& call) {
  Shape shape;
  const std::vector<Value> values = call.fitting(shape);
  if (values[0].is_number() && values[1].is_number()) return values[0];
  const std::vector<Var> vars = aligned(call.graph(), values);
  // b - b is exactly 0, so the value is a to the last bit.
  return stop_gradient(vars[0]) + (vars[1] - stop_gradient(vars[1]));
}

Value filled(FunctionCall& call, double value) {
  return broadcast_to(constant(call.graph(), value), call.shape(0));
}

std::vector<Function> elementwise_functions() {
  return {
      {"exp", 1, 1, one<exp>},
      {"log", 1, 1, one<log>},
      {"sqrt", 1, 1, one<sqrt>},
      {"sin", 1, 1, one<sin>},
      {"cos", 1, 1, one<cos>},
      {"tanh", 1, 1, one<tanh>},
      {"sigmoid", 1, 1, one<sigmoid>},
      {"relu", 1, 1, one<relu>},
      {"softplus", 1, 1, one<softplus>},
      {"logsigmoid", 1, 1, [](Vars v) { return -softplus(-v[0]); }},
      {"abs", 1, 1, one<abs>},
      {"sign", 1, 1, one<sign>},
      elementwise<hard_sigmoid>(),
      {"hard_tanh", 1, 1,
       [](Vars v) {
         Graph& graph = *v[0].graph;
         return maximum(minimum(v[0], constant(graph, 1.0)), constant(graph, -1.0));
       }},
      {"elu", 1, 1,
       [](Vars v) { return relu(v[0]) + (exp(minimum(v[0], constant(*v[0].graph, 0.0))) - 1.0); }},
      {"silu", 1, 1, [](Vars v) { return v[0] * sigmoid(v[0]); }},
      elementwise<gelu>(),
      {"softsign", 1, 1, [](Vars v) { return v[0] / (1.0 + abs(v[0])); }},
      {"floor", 1, 1, one<floor>},
      {"erf", 1, 1, one<erf>},
      {"heaviside", 1, 1, one<step>},
      {"leaky_relu", 2, 2, [](Vars v) { return relu(v[0]) - v[1] * relu(-v[0]); }},
      {"modrelu", 2, 2, [](Vars v) { return sign(v[0]) * relu(abs(v[0]) + v[1]); }},
      {"min", 2, 2, [](Vars v) { return minimum(v[0], v[1]); }},
      {"mod", 2, 2, [](Vars v) { return v[0] - v[1] * floor(v[0] / v[1]); }},
      {"clipped_sqrt", 1, 1, one<clipped_sqrt>},
  };
}

std::vector<Function> other_functions() {
  return {
      {"max", 1, 2, nullptr, maximum_of},
      {"where", 3, 3, nullptr, select},
      {"sum", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return drop_last(row_sum(c.array(0))); }},
      {"mean", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return drop_last(row_mean(c.array(0))); }},
      {"softmax", 1, 1, nullptr, of_array<softmax>},
      {"logsumexp", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return drop_last(logsumexp(c.array(0))); }},
      {"cumsum", 1, 1, nullptr, [](FunctionCall& c) -> Value { return cumsum(c.array(0)); }},
      {std::string(composite_name(layer_norm)), 1, 1, nullptr, of_array<layer_norm>},
      {"rms_norm", 1, 1, nullptr, rms_norm},
      {"concat", 1, -1, nullptr, join},
      {"reshape", 2, 2, nullptr, reshaped},
      {"roll", 2, 2, nullptr, roll},
      {"repeat_elements", 2, 2, nullptr, [](FunctionCall& c) { return repeated(c, true); }},
      {"tile", 2, 2, nullptr, [](FunctionCall& c) { return repeated(c, false); }},
      {"transpose", 1, 1, nullptr, transposed},
      {"outer", 2, 2, nullptr, outer},
      {"dot", 2, 2, nullptr, dot},
      {"diag", 1, 1, nullptr,
       [](FunctionCall& c) -> Value {
         const Var v = c.of_rank(0, 1);
         const Index n = v.shape().back();
         return reshape_one(v, {1, n}) * identity(c.graph(), n);
       }},
      {"block_diagonal", 1, 1, nullptr, block_diagonal},
      {"eye", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return identity(c.graph(), c.size(0)); }},
      {"arange", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return arange(c.graph(), c.size(0)); }},
      {"zeros", 1, 1, nullptr, [](FunctionCall& c) { return filled(c, 0.0); }},
      {"ones", 1, 1, nullptr, [](FunctionCall& c) { return filled(c, 1.0); }},
      {"tril", 1, 2, nullptr, [](FunctionCall& c) { return triangle(c, true); }},
      {"triu", 1, 2, nullptr, [](FunctionCall& c) { return triangle(c, false); }},
      {"expm", 1, 1, nullptr, [](FunctionCall& c) { return of_square(c, expm); }},
      {"inverse", 1, 1, nullptr, [](FunctionCall& c) { return of_square(c, inverse); }},
      {"stop_gradient", 1, 1, nullptr,
       [](FunctionCall& c) -> Value {
         const Value v = c.value(0);
         return v.is_number() ? v : Value(stop_gradient(v.var));
       }},
      {"straight_through", 2, 2, nullptr, straight_through},
      {"size", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return static_cast<double>(c.value(0).shape().back()); }},
  };
}

// The same ops on a tape give the number.
double fold(const Function& function, const std::vector<Value>& values) {
  Tape<double> tape;
  std::vector<Var> numbers;
  for (const Value& value : values) numbers.push_back(constant(tape, *value.number));
  return tape.value(function.each(numbers)).data()[0];
}

}  // namespace

Index FunctionCall::size(std::size_t i) {
  const Index n = whole(i);
  if (n < 1 || n > Budget::axis) {
    fail_at(argument(i).place, fmt::format("got {}, expected 1 to {}", n, Budget::axis));
  }
  return n;
}

Shape FunctionCall::shape(std::size_t i) {
  const Expression& list = argument(i);
  if (list.kind != Expression::Kind::list) fail_at(list.place, "expected a shape, such as [n, m]");
  return in_.sizes(list.parts, list.place);
}

Var FunctionCall::of_rank(std::size_t i, int rank) {
  const Var v = array(i);
  if (Value(v).shape().rank() != rank) {
    fail_at(argument(i).place,
            fmt::format("{} is {}, expected {}", text_of(argument(i).place), Value(v).shape_text(),
                        rank == 1   ? "a vector"
                        : rank == 2 ? "a matrix"
                                    : "rank 3"));
  }
  return v;
}

std::vector<Value> FunctionCall::values() {
  std::vector<Value> all;
  for (std::size_t i = 0; i < count(); ++i) all.push_back(value(i));
  return all;
}

std::vector<Value> FunctionCall::fitting(Shape& shape) {
  std::vector<Value> all = values();
  shape = all[0].shape();
  for (const Value& value : all) {
    const auto both = broadcast_of(shape, value.shape());
    if (!both) fail_shapes(all);
    shape = *both;
  }
  return all;
}

void FunctionCall::fail_shapes(const std::vector<Value>& values) {
  std::vector<const Expression*> parts;
  for (std::size_t i = 0; i < values.size(); ++i) parts.push_back(&argument(i));
  in_.fail_shapes(e_, parts, values);
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = [] {
    std::vector<Function> list = elementwise_functions();
    for (Function& function : other_functions()) list.push_back(function);
    return list;
  }();
  return all;
}

const Function* find_function(const std::string& name) {
  for (const Function& function : functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

Value call_function(const Function& function, Expressions& in, const Expression& e) {
  FunctionCall call(in, e);
  if (function.any) return function.any(call);
  Shape shape;
  const std::vector<Value> values = call.fitting(shape);
  const auto is_number = [](const Value& v) { return v.is_number(); };
  if (std::all_of(values.begin(), values.end(), is_number)) return fold(function, values);
  return function.each(aligned(in.graph(), values));
}

}  // namespace carousel
