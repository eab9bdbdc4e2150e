// Functions that choose, join, move or make elements.

#include <algorithm>
#include <cmath>

#include "cell/language/function_families.hpp"
#include "program/differentiate.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

Value select(FunctionCall& call) {
  const Value condition = call.value(0);
  // Where the condition is known, the other side need not exist.
  if (condition.is_number()) return call.any_value(*condition.number != 0.0 ? 1 : 2);
  const Value a = call.any_value(1), b = call.any_value(2);
  const auto sides = broadcast_of(a.shape(), b.shape());
  if (!sides || !broadcast_of(*sides, condition.shape())) call.fail_shapes({condition, a, b});
  const auto chosen = [&](const Value& left, const Value& right) -> Value {
    const std::vector<Var> vars = aligned(call.graph(), {condition, left, right});
    return where(vars[0], vars[1], vars[2]);
  };
  if (!a.is_complex() && !b.is_complex()) return chosen(a, b);
  const Value real = chosen(real_part(a), real_part(b));
  return complex_of(call.graph(), real, chosen(imaginary_part(a), imaginary_part(b)));
}

Value straight_through(FunctionCall& call) {
  Shape shape;
  const std::vector<Value> values = call.fitting(shape);
  if (values[0].is_number() && values[1].is_number()) return values[0];
  const std::vector<Var> vars = aligned(call.graph(), values);
  // b - b is exactly 0, so the value is a to the last bit.
  return stop_gradient(vars[0]) + (vars[1] - stop_gradient(vars[1]));
}

// The derivative of a number by a value: ops of the step, which are differentiated again.
Value gradient(FunctionCall& call) {
  const Value of = call.value(0), by = call.value(1);
  expect_one_number(of, call.argument(0).place);
  const Expression::Kind kind = call.argument(1).kind;
  if (by.is_number() || (kind != Expression::Kind::name && kind != Expression::Kind::delay)) {
    fail_at(call.argument(1).place, "expected the name of a value that the first one is made of");
  }
  if (of.batched() && !by.batched()) {
    fail_at(call.argument(1).place,
            fmt::format("{0} is the same for all sequences: give it a name as a value of the step "
                        "first, such as w = {0} + 0 * x[0], and read w",
                        text_of(call.argument(1).place)));
  }
  if (of.is_number()) return broadcast_to(constant(call.graph(), 0.0), by.var.shape());
  return gradient_of(dynamic_cast<StepBuilder&>(call.graph()), of.var, by.var);
}

Value conjugate(FunctionCall& call) {
  const Value v = call.any_value(0);
  return v.is_complex() ? Value(v.var, -v.imaginary) : v;
}

Value complex_value(FunctionCall& call) {
  Shape shape;
  const std::vector<Value> parts = call.fitting(shape);
  return complex_of(call.graph(), parts[0], parts[1]);
}

// e^(a + b i) = e^a (cos b + i sin b)
Value exponential(FunctionCall& call) {
  const Value v = call.any_value(0);
  if (v.is_number()) {  // by the same kernel as a value of a step
    Tape<double> tape;
    return tape.value(exp(constant(tape, *v.number))).item();
  }
  if (!v.is_complex()) return exp(v.var);
  const Var size = exp(v.var);
  return {size * cos(v.imaginary), size * sin(v.imaginary)};
}

// Of a complex value with a little more under the root, so that the slope at 0 is 0.
Value magnitude(FunctionCall& call) {
  const Value v = call.any_value(0);
  if (v.is_number()) return std::abs(*v.number);
  if (!v.is_complex()) return abs(v.var);
  return sqrt(v.var * v.var + v.imaginary * v.imaginary + 1e-24);
}

Value join(FunctionCall& call) {
  const std::vector<Value> values = call.values();
  const int rank = values[0].shape().rank(), axis = call.axis(rank, -1);
  const auto others = [&](Shape shape) {
    shape[rank + axis] = 1;
    return shape;
  };
  for (const Value& value : values) {
    const bool fits = value.shape().rank() == rank;
    if (!fits || !(others(value.shape()) == others(values[0].shape()))) call.fail_shapes(values);
  }
  return joined(call.graph(), values, axis);
}

// Values of one shape side by side along a new axis, the first where none is given.
Value stack(FunctionCall& call) {
  const std::vector<Value> values = call.values();
  for (const Value& value : values) {
    if (!(value.shape() == values[0].shape())) call.fail_shapes(values);
  }
  const int rank = values[0].shape().rank() + 1;
  return stacked(call.graph(), values, call.axis(rank, -rank));
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

enum class Repeat { each_element, the_row };

// [.., n] by way of two axes, one of them repeated, to [.., times n].
Value repeated(FunctionCall& call, Repeat what) {
  const bool each = what == Repeat::each_element;
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

Value filled(FunctionCall& call, double value) {
  return broadcast_to(constant(call.graph(), value), call.shape(0));
}

}  // namespace

std::vector<Function> choice_functions() {
  return {
      {"exp", 1, 1, nullptr, exponential},
      {"abs", 1, 1, nullptr, magnitude},
      {"re", 1, 1, nullptr, [](FunctionCall& c) { return real_part(c.any_value(0)); }},
      {"im", 1, 1, nullptr, [](FunctionCall& c) { return imaginary_part(c.any_value(0)); }},
      {"conj", 1, 1, nullptr, conjugate},
      {"complex", 2, 2, nullptr, complex_value},
      {"where", 3, 3, nullptr, select},
      by_parts({"stop_gradient", 1, 1, nullptr,
                [](FunctionCall& c) -> Value {
                  const Value v = c.value(0);
                  return v.is_number() ? v : Value(stop_gradient(v.var));
                }}),
      {"straight_through", 2, 2, nullptr, straight_through},
      {"grad", 2, 2, nullptr, gradient},
  };
}

std::vector<Function> shape_functions() {
  constexpr auto takes_axis = Function::Named::axis;
  return {
      by_parts({"concat", 1, -1, nullptr, join, takes_axis}),
      by_parts({"stack", 1, -1, nullptr, stack, takes_axis}),
      by_parts({"reshape", 2, 2, nullptr, reshaped}),
      by_parts({"roll", 2, 2, nullptr, roll}),
      by_parts({"repeat_elements", 2, 2, nullptr,
                [](FunctionCall& c) { return repeated(c, Repeat::each_element); }}),
      by_parts(
          {"tile", 2, 2, nullptr, [](FunctionCall& c) { return repeated(c, Repeat::the_row); }}),
      {"arange", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return arange(c.graph(), c.size(0)); }},
      {"zeros", 1, 1, nullptr, [](FunctionCall& c) { return filled(c, 0.0); }},
      {"ones", 1, 1, nullptr, [](FunctionCall& c) { return filled(c, 1.0); }},
      {"size", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return static_cast<double>(c.value(0).shape().back()); }},
  };
}

}  // namespace carousel
