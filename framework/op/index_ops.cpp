#include <cmath>
#include <numeric>

#include "op/families.hpp"

namespace carousel {
namespace {

Shape gather_shape(const ShapeCall& call) {
  const Shape& table = *call.in[0];
  if (table.rank() != 2) {
    fail_input("gather_rows: got a table of shape {}, expected [rows, size]", table.to_string());
  }
  Shape out = *call.in[1];
  out.push_back(table[1]);
  return out;
}

template <class T>
void gather_kernel(const KernelCall<T>& call) {
  const Index rows = call.in[0]->shape()[0];
  const Index size = call.in[0]->shape()[1];
  for (Index i = 0; i < call.in[1]->numel(); ++i) {
    const Index row = index_at("gather_rows", *call.in[1], i, rows);
    std::copy_n(call.in[0]->data() + row * size, size, call.out.data() + i * size);
  }
}

Shape scatter_shape(const ShapeCall& call) {
  const Shape& rows = *call.in[0];
  if (rows.rank() == 0 || !(without_last(rows) == *call.in[1])) {
    fail_input("scatter_rows: got rows of shape {} for indices of shape {}", rows.to_string(),
               call.in[1]->to_string());
  }
  return {call.attributes.size, rows.back()};
}

template <class T>
void scatter_kernel(const KernelCall<T>& call) {
  const Index size = call.out.shape()[1];
  std::fill_n(call.out.data(), call.out.numel(), T(0));
  for (Index i = 0; i < call.in[1]->numel(); ++i) {
    const Index row = index_at("scatter_rows", *call.in[1], i, call.attributes.size);
    const T* from = call.in[0]->data() + i * size;
    T* to = call.out.data() + row * size;
    for (Index j = 0; j < size; ++j) to[j] += from[j];
  }
}

Shape pick_shape(const ShapeCall& call) {
  const Shape& x = *call.in[0];
  if (x.rank() == 0 || !(without_last(x) == *call.in[1])) {
    fail_input("pick: got values of shape {} for indices of shape {}, expected one index a row",
               x.to_string(), call.in[1]->to_string());
  }
  return *call.in[1];
}

template <class T>
void pick_kernel(const KernelCall<T>& call) {
  const Index n = call.in[0]->shape().back();
  for (Index i = 0; i < call.out.numel(); ++i) {
    call.out.data()[i] = call.in[0]->data()[i * n + index_at("pick", *call.in[1], i, n)];
  }
}

Shape unpick_shape(const ShapeCall& call) {
  if (!(*call.in[0] == *call.in[1])) {
    fail_input("unpick: got values of shape {} for indices of shape {}", call.in[0]->to_string(),
               call.in[1]->to_string());
  }
  Shape out = *call.in[0];
  out.push_back(call.attributes.size);
  return out;
}

template <class T>
void unpick_kernel(const KernelCall<T>& call) {
  const Index n = call.attributes.size;
  std::fill_n(call.out.data(), call.out.numel(), T(0));
  for (Index i = 0; i < call.in[0]->numel(); ++i) {
    call.out.data()[i * n + index_at("unpick", *call.in[1], i, n)] = call.in[0]->data()[i];
  }
}

Shape expect_axis(const Shape& x, const char* what) {
  if (x.rank() == 0) fail_input("{}: got a number, expected at least one axis", what);
  return x;
}

// A NaN stands behind the numbers, in both directions; equals keep their order.
template <class T>
void order_kernel(const KernelCall<T>& call) {
  const Index n = call.out.shape().back();
  const bool falling = call.attributes.reverse;
  std::vector<Index> places(static_cast<std::size_t>(n));
  for (Index row = 0; row < (n == 0 ? 0 : call.out.numel() / n); ++row) {
    const T* x = call.in[0]->data() + row * n;
    std::iota(places.begin(), places.end(), Index{0});
    std::ranges::stable_sort(places, [&](Index a, Index b) {
      if (std::isnan(x[a]) || std::isnan(x[b])) return !std::isnan(x[a]);
      return falling ? x[a] > x[b] : x[a] < x[b];
    });
    std::ranges::transform(places, call.out.data() + row * n,
                           [](Index place) { return static_cast<T>(place); });
  }
}

// The shapes but for the innermost axis.
void expect_same_rows(const char* what, const Shape& x, const Shape& index) {
  if (x.rank() > 0 && index.rank() > 0 && without_last(x) == without_last(index)) return;
  fail_input("{}: got values of shape {} for indices of shape {}, expected the same rows", what,
             x.to_string(), index.to_string());
}

Shape take_along_shape(const ShapeCall& call) {
  expect_same_rows("take_along", *call.in[0], *call.in[1]);
  return *call.in[1];
}

template <class T>
void take_along_kernel(const KernelCall<T>& call) {
  const Index n = call.in[0]->shape().back(), taken = call.out.shape().back();
  for (Index i = 0; i < call.out.numel(); ++i) {
    const Index at = index_at("take_along", *call.in[1], i, n);
    call.out.data()[i] = call.in[0]->data()[i / taken * n + at];
  }
}

Shape put_along_shape(const ShapeCall& call) {
  if (!(*call.in[0] == *call.in[1])) {
    fail_input("put_along: got values of shape {} for indices of shape {}", call.in[0]->to_string(),
               call.in[1]->to_string());
  }
  const Shape x = expect_axis(*call.in[0], "put_along");
  return with_dim(x, x.rank() - 1, call.attributes.size);
}

template <class T>
void put_along_kernel(const KernelCall<T>& call) {
  const Index n = call.attributes.size, given = call.in[0]->shape().back();
  std::fill_n(call.out.data(), call.out.numel(), T(0));
  for (Index i = 0; i < call.in[0]->numel(); ++i) {
    const Index at = index_at("put_along", *call.in[1], i, n);
    call.out.data()[i / given * n + at] += call.in[0]->data()[i];
  }
}

Attributes falling() {
  Attributes attributes;
  attributes.reverse = true;
  return attributes;
}

}  // namespace

std::vector<Op> index_ops() {
  const std::vector<std::vector<double>> index = {{2, 0, 2, 1}};
  std::vector<Op> ops = {
      {"gather_rows",
       "rows of a table by index",
       2,
       gather_shape,
       gather_kernel<float>,
       gather_kernel<double>,
       [](const DerivativeCall& d) { return scatter_rows(d.grad, d.in[1], d.in[0].shape()[0]); },
       {{{Shape{3, 5}, Shape{2, 2}}, {}, index}}},
      {"scatter_rows",
       "rows summed into a table by index",
       2,
       scatter_shape,
       scatter_kernel<float>,
       scatter_kernel<double>,
       [](const DerivativeCall& d) { return gather_rows(d.grad, d.in[1]); },
       {{{Shape{4, 2}, Shape{4}}, with_range(-1, 0, 3), index}}},
      {"pick",
       "the element of each row at an index",
       2,
       pick_shape,
       pick_kernel<float>,
       pick_kernel<double>,
       [](const DerivativeCall& d) { return unpick(d.grad, d.in[1], d.in[0].shape().back()); },
       {{{Shape{2, 2, 3}, Shape{2, 2}}, {}, index}}},
      {"unpick",
       "rows of zeros but for one element at an index",
       2,
       unpick_shape,
       unpick_kernel<float>,
       unpick_kernel<double>,
       [](const DerivativeCall& d) { return pick(d.grad, d.in[1]); },
       {{{Shape{4}, Shape{4}}, with_range(-1, 0, 3), index}}},
      {"take_along",
       "elements of each row by index",
       2,
       take_along_shape,
       take_along_kernel<float>,
       take_along_kernel<double>,
       [](const DerivativeCall& d) { return put_along(d.grad, d.in[1], d.in[0].shape().back()); },
       {{{Shape{2, 3}, Shape{2, 2}}, {}, index}}},
      {"put_along",
       "elements summed into each row by index",
       2,
       put_along_shape,
       put_along_kernel<float>,
       put_along_kernel<double>,
       [](const DerivativeCall& d) { return take_along(d.grad, d.in[1]); },
       {{{Shape{2, 2}, Shape{2, 2}}, with_range(-1, 0, 3), index}}},
  };
  for (Op& op : ops) {
    op.differentiable_inputs = 1;
    op.tangent = linear_tangent;
  }
  ops.push_back(
      {"order",
       "the places of the elements of the innermost axis, the smallest (or in reverse the "
       "largest) first; no gradient",
       1,
       [](const ShapeCall& call) { return expect_axis(*call.in[0], "order"); },
       order_kernel<float>,
       order_kernel<double>,
       nullptr,
       {{{Shape{3, 4}}}, {{Shape{5}}, falling()}}});
  return ops;
}

}  // namespace carousel
