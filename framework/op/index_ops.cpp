#include <cmath>

#include "op/families.hpp"

namespace carousel {
namespace {

// Indices are whole numbers kept in the tensor's own element type.
template <class T>
Index index_at(const char* what, const Tensor<T>& index, Index position, Index n) {
  const T value = index.data()[position];
  if (!(value >= T(0)) || !(value < static_cast<T>(n)) || value != std::floor(value)) {
    fail_input("{}: got the index {} at position {}, expected a whole number in [0, {})", what,
               value, position, n);
  }
  return static_cast<Index>(value);
}

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
  };
  for (Op& op : ops) {
    op.differentiable_inputs = 1;
    op.tangent = linear_tangent;
  }
  return ops;
}

}  // namespace carousel
