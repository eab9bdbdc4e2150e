// Functions along an axis, the last one where none is given.

#include <algorithm>

#include "cell/language/function_families.hpp"
#include "op/composites.hpp"

namespace carousel {
namespace {

Var row_sum(Var v) { return sum_over(v, -1); }

Var row_mean(Var v) { return row_sum(v) / static_cast<double>(v.shape().back()); }

// Without an axis, which has one element; a vector keeps it. axis: from the end.
Var drop_axis(Var v, int axis) {
  const Shape shape = Value(v).shape();
  if (shape.rank() == 1) return v;
  Shape out;
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != shape.rank() + axis) out.push_back(shape[i]);
  }
  return reshape_one(v, out);
}

// The product of the sizes of an axis and of those before and behind it.
struct Sizes {
  Index outer = 1, n = 1, inner = 1;
};

Sizes sizes_at(const Shape& shape, int axis) {
  Sizes sizes;
  const int at = shape.rank() + axis;
  for (int i = 0; i < shape.rank(); ++i) {
    (i < at ? sizes.outer : i == at ? sizes.n : sizes.inner) *= shape[i];
  }
  return sizes;
}

// [.., n, ..] to [outer, inner, n].
Var with_axis_last(Var v, int axis) {
  if (axis == -1) return v;
  const Sizes s = sizes_at(Value(v).shape(), axis);
  return transpose(reshape_one(v, {s.outer, s.n, s.inner}));
}

// [outer, inner, n] back to the shape that there was, but for n.
Var with_axis_back(Var v, Shape before, int axis) {
  if (axis == -1) return v;
  before[before.rank() + axis] = v.shape().back();
  return reshape_one(transpose(v), before);
}

// f along the axis of a call, which keeps it, with as many elements as f gives.
template <class F>
Value along(FunctionCall& call, F f) {
  const Var v = call.array(0);
  const Shape shape = Value(v).shape();
  const int axis = call.axis(shape.rank(), -1);
  return with_axis_back(f(with_axis_last(v, axis)), shape, axis);
}

// f along the axis of a call, of which it leaves one element, and with it the axis where the call
// asks to keep it.
template <class F>
Value over(FunctionCall& call, F f) {
  const Var v = call.array(0);
  const int axis = call.axis(Value(v).shape().rank(), -1);
  const Var one = with_axis_back(f(with_axis_last(v, axis)), Value(v).shape(), axis);
  return call.keeps() ? one : drop_axis(one, axis);
}

Value sum_of(FunctionCall& call) {
  const Var v = call.array(0);
  const int axis = call.axis(Value(v).shape().rank(), -1);
  const Var sum = sum_over(v, axis);
  return call.keeps() ? sum : drop_axis(sum, axis);
}

Value mean_of(FunctionCall& call) {
  const Var v = call.array(0);
  const Shape shape = Value(v).shape();
  const int axis = call.axis(shape.rank(), -1);
  if (axis == -1) return call.keeps() ? row_mean(v) : drop_axis(row_mean(v), -1);
  return sum_of(call).var / static_cast<double>(shape[shape.rank() + axis]);
}

// Of all values of one argument along an axis, or of each pair of two.
template <double (*of_numbers)(double, double), Var (*of_pair)(Var, Var), Var (*of_row)(Var)>
Value extreme(FunctionCall& call) {
  if (call.count() == 1) return over(call, of_row);
  Shape shape;
  const std::vector<Value> values = call.fitting(shape);
  if (values[0].is_number() && values[1].is_number()) {
    return of_numbers(*values[0].number, *values[1].number);
  }
  const std::vector<Var> vars = aligned(call.graph(), values);
  return of_pair(vars[0], vars[1]);
}

double larger(double a, double b) { return std::max(a, b); }
double smaller(double a, double b) { return std::min(a, b); }
Var row_min(Var v) { return -row_max(-v); }

Var rms_norm(Var v) { return v / sqrt(row_mean(v * v) + 1e-5); }

double epsilon_of(FunctionCall& call) { return call.count() > 1 ? call.number(1) : 1e-12; }

Value norm_of(FunctionCall& call) {
  const double epsilon = epsilon_of(call);
  return over(call, [&](Var v) { return sqrt(row_sum(v * v) + epsilon); });
}

Value unit_of(FunctionCall& call) {
  const double epsilon = epsilon_of(call);
  return along(call, [&](Var v) { return v / sqrt(row_sum(v * v) + epsilon); });
}

// By halves: each factor's derivative is the product of the others, also where one is 0.
Var row_product(Var v) {
  for (Index n = v.shape().back(); n > 1; n = v.shape().back()) {
    const Index half = n / 2;
    Var pairs = slice(v, -1, 0, half) * slice(v, -1, half, half);
    if (n % 2 == 1) pairs = concat(std::vector{pairs, slice(v, -1, n - 1, 1)}, -1);
    v = pairs;
  }
  return v;
}

// Each element times that 1, 2, 4, .. places before.
Var running_products(Var v) {
  const Index n = v.shape().back();
  for (Index back = 1; back < n; back *= 2) {
    const Var first = slice(v, -1, 0, back);
    const Var rest = slice(v, -1, back, n - back) * slice(v, -1, 0, n - back);
    v = concat(std::vector{first, rest}, -1);
  }
  return v;
}

Var place_of_largest(Var v) { return row_sum(first_max(v) * arange(*v.graph, v.shape().back())); }

Var sorted(Var v) { return take_along(v, order(v)); }
Var places_in_order(Var v) { return order(v); }

Value largest_few(FunctionCall& call) {
  const Index k = call.size(1);
  return along(call, [&](Var v) {
    const Index n = v.shape().back();
    if (k > n) {
      fail_at(call.argument(1).place, fmt::format("{} of {} elements", k, n));
    }
    return take_along(v, slice(order(v, true), -1, 0, k));
  });
}

// The elements of each row of v at places: [.., n] and [.., k] to [.., k].
Value taken(FunctionCall& call) {
  const std::vector<Value> values = call.values();
  const Shape of = values[0].shape(), at = values[1].shape();
  if (of.rank() > 1 && at.rank() > 1) {
    bool same = of.rank() == at.rank();
    for (int i = 0; same && i + 1 < of.rank(); ++i) same = of[i] == at[i];
    if (!same) call.fail_shapes(values);
  }
  const auto longer = [&](const Shape& shape) {
    Shape all = of.rank() > at.rank() ? of : at;
    all[all.rank() - 1] = shape.back();
    return all;
  };
  const std::vector<Var> full = together(call.graph(), values, {longer(of), longer(at)});
  return take_along(full[0], full[1]);
}

// Elements summed into n zeros at places: [.., k] and [.., k] to [.., n].
Value put_at(FunctionCall& call) {
  const std::vector<Value> values{call.value(0), call.value(1)};
  if (!(values[0].shape() == values[1].shape())) call.fail_shapes(values);
  const Index n = call.size(2);
  const Shape shape = values[0].shape();
  const std::vector<Var> full = together(call.graph(), values, {shape, shape});
  return put_along(full[0], full[1], n);
}

// 1 at a place, else 0: [1] to [n], [.., k] to [.., k, n].
Value one_hot(FunctionCall& call) {
  const Var at = call.array(0);
  const Index n = call.size(1);
  Shape shape = Value(at).shape();
  if (shape.rank() == 1 && shape[0] == 1) return equal(at, arange(call.graph(), n));
  shape.push_back(1);
  return equal(reshape_one(at, shape), arange(call.graph(), n));
}

}  // namespace

std::vector<Function> axis_functions() {
  constexpr auto takes_axis = Function::Named::axis, reduces = Function::Named::axis_and_keep;
  return {
      {"max", 1, 2, nullptr, extreme<larger, maximum, row_max>, reduces},
      {"min", 1, 2, nullptr, extreme<smaller, minimum, row_min>, reduces},
      by_parts({"sum", 1, 1, nullptr, sum_of, reduces}),
      by_parts({"mean", 1, 1, nullptr, mean_of, reduces}),
      {"prod", 1, 1, nullptr, [](FunctionCall& c) { return over(c, row_product); }, reduces},
      {"norm", 1, 2, nullptr, norm_of, reduces},
      {"logsumexp", 1, 1, nullptr,
       [](FunctionCall& c) { return over(c, [](Var v) { return logsumexp(v); }); }, reduces},
      {"argmax", 1, 1, nullptr, [](FunctionCall& c) { return over(c, place_of_largest); }, reduces},
      {"hardmax", 1, 1, nullptr, [](FunctionCall& c) { return along(c, first_max); }, takes_axis},
      {"softmax", 1, 1, nullptr, [](FunctionCall& c) { return along(c, softmax); }, takes_axis},
      by_parts({"cumsum", 1, 1, nullptr,
                [](FunctionCall& c) { return along(c, [](Var v) { return cumsum(v); }); },
                takes_axis}),
      {"cumprod", 1, 1, nullptr, [](FunctionCall& c) { return along(c, running_products); },
       takes_axis},
      {"unit", 1, 2, nullptr, unit_of, takes_axis},
      {std::string(composite_name(layer_norm)), 1, 1, nullptr,
       [](FunctionCall& c) { return along(c, layer_norm); }, takes_axis},
      {"rms_norm", 1, 1, nullptr, [](FunctionCall& c) { return along(c, rms_norm); }, takes_axis},
      {"sort", 1, 1, nullptr, [](FunctionCall& c) { return along(c, sorted); }, takes_axis},
      {"argsort", 1, 1, nullptr, [](FunctionCall& c) { return along(c, places_in_order); },
       takes_axis},
      {"topk", 2, 2, nullptr, largest_few, takes_axis},
      {"take", 2, 2, nullptr, taken},
      {"put", 3, 3, nullptr, put_at},
      {"one_hot", 2, 2, nullptr, one_hot},
  };
}

}  // namespace carousel
