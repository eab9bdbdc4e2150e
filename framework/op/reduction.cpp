#include "kernel/reduce.hpp"
#include "op/families.hpp"

namespace carousel {
namespace {

Shape sum_to_shape(const ShapeCall& call) {
  const Shape& x = *call.in[0];
  const Shape& target = call.attributes.shape;
  if (target.rank() > x.rank() || !(broadcast_shapes(x, target, "sum_to") == x)) {
    fail_input(
        "sum_to: got the target {} for a tensor of shape {}, expected one that broadcasts "
        "to it",
        target.to_string(), x.to_string());
  }
  return target;
}

template <class T>
void sum_to_kernel(const KernelCall<T>& call) {
  const Shape& from = call.in[0]->shape();
  const Shape& to = call.out.shape();
  const int missing = from.rank() - to.rank();
  const auto summed = [&](int axis) {
    return axis < missing || (to[axis - missing] == 1 && from[axis] != 1);
  };
  int last = from.rank() - 1;
  while (last >= 0 && !summed(last)) --last;
  if (last < 0) {
    std::copy_n(call.in[0]->data(), call.out.numel(), call.out.data());
    return;
  }
  // One pass for each run of neighbouring summed axes.
  Tensor<T> current = *call.in[0];
  Shape shape = from;
  for (int axis = 0; axis <= last; ++axis) {
    if (!summed(axis)) continue;
    const int first = axis;
    Index n = 1;
    for (; axis < from.rank() && summed(axis); ++axis) {
      n *= shape[axis];
      shape[axis] = 1;
    }
    const AxisSplit split = split_at(shape, first);
    Tensor<T> next = axis > last ? call.out : Tensor<T>::uninitialised(shape);
    sum_axis(current.data(), split.outer, n, split.inner, next.data());
    current = next;
  }
}

void expect_rows(const Shape& x, const char* what) {
  if (x.rank() == 0 || x.back() == 0) {
    fail_input("{}: got shape {}, expected at least one element in a row", what, x.to_string());
  }
}

Shape keep_last(const Shape& x, const char* what) {
  expect_rows(x, what);
  return with_dim(x, x.rank() - 1, 1);
}

template <class T>
void logsumexp_kernel(const KernelCall<T>& call) {
  const Index n = call.in[0]->shape().back();
  logsumexp_rows(call.in[0]->data(), call.out.numel(), n, call.out.data());
}

template <class T>
void softmax_kernel(const KernelCall<T>& call) {
  const Index n = call.out.shape().back();
  softmax_rows(call.in[0]->data(), call.out.numel() / n, n, call.out.data());
}

// y (grad - sum(grad y)) of y = softmax(x)
Var softmax_derivative(const DerivativeCall& d) {
  const Shape sums = keep_last(d.out.shape(), "softmax");
  return d.out * (d.grad - sum_to(d.grad * d.out, sums));
}

template <class T>
void row_max_kernel(const KernelCall<T>& call) {
  const Index n = call.in[0]->shape().back();
  max_rows(call.in[0]->data(), call.out.numel(), n, call.out.data());
}

template <class T>
void first_max_kernel(const KernelCall<T>& call) {
  const Index n = call.out.shape().back();
  first_max_rows(call.in[0]->data(), call.out.numel() / n, n, call.out.data());
}

template <class T>
void cumsum_kernel(const KernelCall<T>& call) {
  const Index n = call.out.shape().back();
  cumsum_rows(call.in[0]->data(), call.out.numel() / n, n, call.attributes.reverse,
              call.out.data());
}

// The matrix of derivatives of a softmax is symmetric.
Var softmax_tangent(const TangentCall& call) {
  return softmax_derivative({call.in, call.out, call.tangents[0], call.attributes, 0});
}

Var logsumexp_tangent(const TangentCall& call) {
  return sum_to(call.tangents[0] * exp(call.in[0] - call.out), call.out.shape());
}

Var row_max_tangent(const TangentCall& call) {
  return sum_to(call.tangents[0] * first_max(call.in[0]), call.out.shape());
}

Attributes reversed() {
  Attributes attributes;
  attributes.reverse = true;
  return attributes;
}

}  // namespace

std::vector<Op> reduction_ops() {
  return {
      with_tangent(linear_tangent,
                   {"sum_to",
                    "sum over the axes that a smaller shape lacks",
                    1,
                    sum_to_shape,
                    sum_to_kernel<float>,
                    sum_to_kernel<double>,
                    [](const DerivativeCall& d) { return broadcast_to(d.grad, d.in[0].shape()); },
                    {{{Shape{2, 3, 4}}, with_shape({4})},
                     {{Shape{2, 3, 4}}, with_shape({2, 1, 4})},
                     {{Shape{2, 3, 4, 2}}, with_shape({2, 1, 4, 1})},
                     {{Shape{3, 4}}, with_shape({3, 1})},
                     {{Shape{3, 4}}, with_shape({})}}}),
      with_tangent(logsumexp_tangent,
                   {"logsumexp",
                    "log(sum(e^x)) over the innermost axis",
                    1,
                    [](const ShapeCall& call) { return keep_last(*call.in[0], "logsumexp"); },
                    logsumexp_kernel<float>,
                    logsumexp_kernel<double>,
                    [](const DerivativeCall& d) { return d.grad * exp(d.in[0] - d.out); },
                    {{{Shape{3, 4}}}, {{Shape{2, 2, 3}}}}}),
      with_tangent(softmax_tangent,
                   {"softmax",
                    "e^x / sum(e^x) over the innermost axis",
                    1,
                    [](const ShapeCall& call) {
                      expect_rows(*call.in[0], "softmax");
                      return *call.in[0];
                    },
                    softmax_kernel<float>,
                    softmax_kernel<double>,
                    softmax_derivative,
                    {{{Shape{3, 4}}}, {{Shape{2, 2, 3}}}, {{Shape{5}}}, {{Shape{2, 1}}}}}),
      with_tangent(row_max_tangent,
                   {"row_max",
                    "largest element of the innermost axis",
                    1,
                    [](const ShapeCall& call) { return keep_last(*call.in[0], "row_max"); },
                    row_max_kernel<float>,
                    row_max_kernel<double>,
                    [](const DerivativeCall& d) { return d.grad * first_max(d.in[0]); },
                    {{{Shape{3, 4}}}, {{Shape{2, 2, 3}}}, {{Shape{3}}}}}),
      {"first_max",
       "1 at the first largest element of the innermost axis, else 0; no gradient",
       1,
       [](const ShapeCall& call) {
         expect_rows(*call.in[0], "first_max");
         return *call.in[0];
       },
       first_max_kernel<float>,
       first_max_kernel<double>,
       nullptr,
       {{{Shape{3, 4}}}, {{Shape{2, 2, 3}}}}},
      with_tangent(linear_tangent,
                   {"cumsum",
                    "running sums along the innermost axis, from its beginning or its end",
                    1,
                    [](const ShapeCall& call) {
                      expect_rows(*call.in[0], "cumsum");
                      return *call.in[0];
                    },
                    cumsum_kernel<float>,
                    cumsum_kernel<double>,
                    [](const DerivativeCall& d) { return cumsum(d.grad, !d.attributes.reverse); },
                    {{{Shape{3, 4}}}, {{Shape{2, 2, 3}}, reversed()}, {{Shape{5}}}}}),
  };
}

}  // namespace carousel
