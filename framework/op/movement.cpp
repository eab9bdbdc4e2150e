#include <numeric>
#include <xtensor/xmanipulation.hpp>

#include "kernel/broadcast.hpp"
#include "op/families.hpp"
#include "tensor/xtensor.hpp"

namespace carousel {
namespace {

Shape broadcast_to_shape(const ShapeCall& call) {
  const Shape& target = call.attributes.shape;
  if (call.in[0]->rank() > target.rank() ||
      !(broadcast_shapes(*call.in[0], target, "broadcast_to") == target)) {
    fail_input("broadcast_to: a tensor of shape {} does not broadcast to {}",
               call.in[0]->to_string(), target.to_string());
  }
  return target;
}

template <class T>
void broadcast_to_kernel(const KernelCall<T>& call) {
  const Operand<T> operand{call.in[0]->data(), &call.in[0]->shape()};
  broadcast_tiles<T>(tile_kernel<T>(Tile::copy), {&operand, 1}, call.out.shape(), call.out.data());
}

Shape reshape_shape(const ShapeCall& call) {
  const Shape& target = call.attributes.shape;
  if (target.numel() != call.in[0]->numel()) {
    fail_input("reshape: got {} for a tensor of shape {}", target.to_string(),
               call.in[0]->to_string());
  }
  return target;
}

template <class T>
void reshape_kernel(const KernelCall<T>& call) {
  std::copy_n(call.in[0]->data(), call.out.numel(), call.out.data());
}

Shape transpose_shape(const ShapeCall& call) {
  Shape shape = *call.in[0];
  const int rank = shape.rank();
  if (rank < 2) fail_input("transpose: got shape {}, expected a matrix", shape.to_string());
  std::swap(shape[rank - 1], shape[rank - 2]);
  return shape;
}

template <class T>
void transpose_kernel(const KernelCall<T>& call) {
  std::vector<std::size_t> axes(static_cast<std::size_t>(call.out.shape().rank()));
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  const auto x = as_xt(*call.in[0]);
  xt::noalias(as_xt(call.out)) = xt::transpose(x, axes);
}

// Copies [begin, begin + size) of an axis between a large array and a small one.
template <class T, bool from_large, class Large, class Small>
void copy_range(Large* large, const Shape& large_shape, Small* small, int axis, Index begin,
                Index size) {
  const AxisSplit split = split_at(large_shape, axis);
  for (Index o = 0; o < split.outer; ++o) {
    auto* in_large = large + (o * split.n + begin) * split.inner;
    auto* in_small = small + o * size * split.inner;
    if constexpr (from_large) std::copy_n(in_large, size * split.inner, in_small);
    else std::copy_n(in_small, size * split.inner, in_large);
  }
}

void check_range(const char* what, Index begin, Index size, Index n) {
  if (begin < 0 || size < 0 || begin + size > n) {
    fail_input("{}: got [{}, {}), expected a range inside [0, {})", what, begin, begin + size, n);
  }
}

Shape slice_shape(const ShapeCall& call) {
  const Shape& x = *call.in[0];
  const int axis = normalise_axis(call.attributes.axis, x.rank(), "slice");
  check_range("slice", call.attributes.begin, call.attributes.size, x[axis]);
  return with_dim(x, axis, call.attributes.size);
}

template <class T>
void slice_kernel(const KernelCall<T>& call) {
  const Shape& x = call.in[0]->shape();
  const int axis = normalise_axis(call.attributes.axis, x.rank(), "slice");
  copy_range<T, true>(call.in[0]->data(), x, call.out.data(), axis, call.attributes.begin,
                      call.attributes.size);
}

Var slice_derivative(const DerivativeCall& d) {
  const Shape x = d.in[0].shape();
  const int axis = normalise_axis(d.attributes.axis, x.rank(), "slice");
  return pad(d.grad, d.attributes.axis, d.attributes.begin, x[axis]);
}

Shape pad_shape(const ShapeCall& call) {
  const Shape& x = *call.in[0];
  const int axis = normalise_axis(call.attributes.axis, x.rank(), "pad");
  check_range("pad", call.attributes.begin, x[axis], call.attributes.size);
  return with_dim(x, axis, call.attributes.size);
}

template <class T>
void pad_kernel(const KernelCall<T>& call) {
  const Shape& x = call.in[0]->shape();
  const int axis = normalise_axis(call.attributes.axis, x.rank(), "pad");
  std::fill_n(call.out.data(), call.out.numel(), T(0));
  copy_range<T, false>(call.out.data(), call.out.shape(), call.in[0]->data(), axis,
                       call.attributes.begin, x[axis]);
}

Var pad_derivative(const DerivativeCall& d) {
  const Shape x = d.in[0].shape();
  const int axis = normalise_axis(d.attributes.axis, x.rank(), "pad");
  return slice(d.grad, d.attributes.axis, d.attributes.begin, x[axis]);
}

Shape concat_shape(const ShapeCall& call) {
  if (call.in.empty()) fail_input("concat: got nothing to join");
  Shape shape = *call.in[0];
  const int axis = normalise_axis(call.attributes.axis, shape.rank(), "concat");
  for (std::size_t k = 1; k < call.in.size(); ++k) {
    const Shape& part = *call.in[k];
    if (part.rank() != shape.rank() || !(with_dim(part, axis, shape[axis]) == shape)) {
      fail_input("concat: part {} has shape {}, expected {} apart from axis {}", k,
                 part.to_string(), shape.to_string(), axis);
    }
    shape[axis] += part[axis];
  }
  return shape;
}

template <class T>
void concat_kernel(const KernelCall<T>& call) {
  const int axis = normalise_axis(call.attributes.axis, call.out.shape().rank(), "concat");
  Index begin = 0;
  for (const Tensor<T>* part : call.in) {
    const Index size = part->shape()[axis];
    copy_range<T, false>(call.out.data(), call.out.shape(), part->data(), axis, begin, size);
    begin += size;
  }
}

Var concat_derivative(const DerivativeCall& d) {
  const int axis = normalise_axis(d.attributes.axis, d.out.shape().rank(), "concat");
  Index begin = 0;
  for (int k = 0; k < d.wrt; ++k) begin += d.in[static_cast<std::size_t>(k)].shape()[axis];
  const Index size = d.in[static_cast<std::size_t>(d.wrt)].shape()[axis];
  return slice(d.grad, d.attributes.axis, begin, size);
}

}  // namespace

std::vector<Op> movement_ops() {
  std::vector<Op> ops = {
      {"broadcast_to",
       "x repeated to a larger shape by NumPy's rule",
       1,
       broadcast_to_shape,
       broadcast_to_kernel<float>,
       broadcast_to_kernel<double>,
       [](const DerivativeCall& d) { return d.grad; },
       {{{Shape{3}}, with_shape({2, 3})}, {{Shape{2, 1, 3}}, with_shape({2, 4, 3})}}},
      {"reshape",
       "the same elements in another shape",
       1,
       reshape_shape,
       reshape_kernel<float>,
       reshape_kernel<double>,
       [](const DerivativeCall& d) { return reshape(d.grad, d.in[0].shape()); },
       {{{Shape{2, 6}}, with_shape({3, 4})}, {{Shape{}}, with_shape({1, 1})}}},
      {"transpose",
       "the last two axes swapped",
       1,
       transpose_shape,
       transpose_kernel<float>,
       transpose_kernel<double>,
       [](const DerivativeCall& d) { return transpose(d.grad); },
       {{{Shape{3, 4}}}, {{Shape{2, 3, 4}}}}},
      {"slice",
       "elements [begin, begin + size) of an axis",
       1,
       slice_shape,
       slice_kernel<float>,
       slice_kernel<double>,
       slice_derivative,
       {{{Shape{2, 5}}, with_range(-1, 1, 3)}, {{Shape{4, 2, 3}}, with_range(0, 2, 1)}}},
      {"pad",
       "zeros around x along an axis",
       1,
       pad_shape,
       pad_kernel<float>,
       pad_kernel<double>,
       pad_derivative,
       {{{Shape{2, 3}}, with_range(-1, 1, 6)}, {{Shape{1, 2, 3}}, with_range(0, 2, 4)}}},
      {"concat",
       "arrays joined along an axis",
       -1,
       concat_shape,
       concat_kernel<float>,
       concat_kernel<double>,
       concat_derivative,
       {{{Shape{2, 3}, Shape{2, 1}, Shape{2, 2}}, with_range(-1, 0, 0)},
        {{Shape{1, 2, 3}, Shape{2, 2, 3}}, with_range(0, 0, 0)}}},
  };
  for (Op& op : ops) op.tangent = linear_tangent;
  return ops;
}

}  // namespace carousel
