#include "op/losses.hpp"

#include <array>

#include "kernel/reduce.hpp"
#include "kernel/row_losses.hpp"
#include "op/families.hpp"

namespace carousel {
namespace {

// Elements of a block: what the kernels of one hand to each other stays in the first cache.
constexpr Index block = 2048;

// [rows, n] in blocks of whole rows, or of one row in parts: f(first row, rows, first element,
// elements of each).
template <class F>
void for_each_block(Index rows, Index n, F&& f) {
  const Index width = std::min(n, block), height = n > 0 ? block / width : 1;
  for (Index r = 0; r < rows; r += height) {
    for (Index i = 0; i < n; i += width) {
      f(r, std::min(height, rows - r), i, std::min(width, n - i));
    }
  }
}

// One number for each row of a block.
template <class T>
TileArg<T> of_rows(const T* numbers, Index row) {
  return {numbers + row, 0, 1};
}

// The shape of the rows' numbers: without the innermost axis.
Shape expect_rows(const char* what, const Shape& x) {
  if (x.rank() == 0 || x.back() == 0) {
    fail_input("{}: got shape {}, expected at least one element in a row", what, x.to_string());
  }
  return without_last(x);
}

void expect_row_numbers(const char* what, const Shape& x, const Shape& numbers) {
  if (expect_rows(what, x) == numbers) return;
  fail_input("{}: got values of shape {} with {}, expected one number a row", what, x.to_string(),
             numbers.to_string());
}

// A number of each row, to broadcast along it.
Var column(Var numbers) {
  Shape shape = numbers.shape();
  shape.push_back(1);
  return reshape(numbers, shape);
}

Var row_sum(Var x) {
  const Shape rows = without_last(x.shape());
  Shape kept = rows;
  kept.push_back(1);
  return reshape(sum_to(x, kept), rows);
}

// What a tangent adds, where there is one.
Var plus(Var sum, Var term) { return sum.defined() ? sum + term : term; }

Shape cross_entropy_shape(const ShapeCall& call) {
  expect_row_numbers("cross_entropy", *call.in[0], *call.in[1]);
  return *call.in[1];
}

template <class T>
void cross_entropy_kernel(const KernelCall<T>& call) {
  const Index n = call.in[0]->shape().back();
  logsumexp_rows(call.in[0]->data(), call.out.numel(), n, call.out.data());
  for (Index r = 0; r < call.out.numel(); ++r) {
    call.out.data()[r] -= call.in[0]->data()[r * n + index_at("cross_entropy", *call.in[1], r, n)];
  }
}

Var cross_entropy_derivative(const DerivativeCall& d) {
  return cross_entropy_slope(d.in[0], d.out + pick(d.in[0], d.in[1]), d.grad, d.in[1]);
}

Var cross_entropy_tangent(const TangentCall& call) {
  return row_sum(call.tangents[0] * softmax(call.in[0])) - pick(call.tangents[0], call.in[1]);
}

Shape cross_entropy_slope_shape(const ShapeCall& call) {
  for (std::size_t k = 1; k < 4; ++k) {
    expect_row_numbers("cross_entropy_slope", *call.in[0], *call.in[k]);
  }
  return *call.in[0];
}

template <class T>
void cross_entropy_slope_kernel(const KernelCall<T>& call) {
  static const TileKernel<T> sub = tile_kernel<T>(Tile::sub), exp = tile_kernel<T>(Tile::exp),
                             mul = tile_kernel<T>(Tile::mul);
  const Index n = call.out.shape().back(), rows = call.in[1]->numel();
  const T *x = call.in[0]->data(), *total = call.in[1]->data(), *scale = call.in[2]->data();
  for_each_block(rows, n, [&](Index r, Index height, Index i, Index width) {
    T* const at = call.out.data() + r * n + i;
    const TileOut<T> out{at, n};
    const TileArg<T> made{at, 1, n};
    const std::array<TileArg<T>, 2> shifted{TileArg<T>{x + r * n + i, 1, n}, of_rows(total, r)};
    const std::array<TileArg<T>, 2> scaled{made, of_rows(scale, r)};
    sub(shifted.data(), out, height, width);
    exp(&made, out, height, width);
    mul(scaled.data(), out, height, width);
  });
  for (Index r = 0; r < rows; ++r) {
    call.out.data()[r * n + index_at("cross_entropy_slope", *call.in[3], r, n)] -= scale[r];
  }
}

// Of g (p - e), p = exp(x - s), e = 1 at the label, along a cotangent c.
Var cross_entropy_slope_derivative(const DerivativeCall& d) {
  const Var shares = exp(d.in[0] - column(d.in[1]));
  if (d.wrt == 2) return row_sum(d.grad * shares) - pick(d.grad, d.in[3]);
  const Var along = d.grad * shares * column(d.in[2]);
  return d.wrt == 0 ? along : -row_sum(along);
}

Var cross_entropy_slope_tangent(const TangentCall& call) {
  const Var dx = call.tangents[0], ds = call.tangents[1], dg = call.tangents[2];
  Var moved, sum;
  if (dx.defined()) moved = dx;
  if (ds.defined()) moved = plus(moved, -column(ds));
  if (moved.defined()) sum = exp(call.in[0] - column(call.in[1])) * column(call.in[2]) * moved;
  if (dg.defined()) {
    sum = plus(sum, cross_entropy_slope(call.in[0], call.in[1], dg, call.in[3]));
  }
  return sum;
}

Shape binary_cross_entropy_shape(const ShapeCall& call) {
  if (!(*call.in[0] == *call.in[1])) {
    fail_input("binary_cross_entropy: got logits {} for targets {}, expected the same shape",
               call.in[0]->to_string(), call.in[1]->to_string());
  }
  return expect_rows("binary_cross_entropy", *call.in[0]);
}

template <class T>
void binary_cross_entropy_kernel(const KernelCall<T>& call) {
  binary_cross_entropy_rows(call.in[0]->data(), call.in[1]->data(), call.out.numel(),
                            call.in[0]->shape().back(), call.out.data());
}

Var binary_cross_entropy_derivative(const DerivativeCall& d) {
  if (d.wrt == 1) return -column(d.grad) * d.in[0];
  return binary_cross_entropy_slope(d.in[0], d.in[1], d.grad);
}

Var binary_cross_entropy_tangent(const TangentCall& call) {
  const Var dx = call.tangents[0], dy = call.tangents[1];
  Var sum;
  if (dx.defined()) sum = row_sum(dx * (sigmoid(call.in[0]) - call.in[1]));
  if (dy.defined()) sum = plus(sum, -row_sum(dy * call.in[0]));
  return sum;
}

Shape binary_cross_entropy_slope_shape(const ShapeCall& call) {
  if (!(*call.in[0] == *call.in[1])) {
    fail_input("binary_cross_entropy_slope: got logits {} for targets {}, expected the same shape",
               call.in[0]->to_string(), call.in[1]->to_string());
  }
  expect_row_numbers("binary_cross_entropy_slope", *call.in[0], *call.in[2]);
  return *call.in[0];
}

template <class T>
void binary_cross_entropy_slope_kernel(const KernelCall<T>& call) {
  static const TileKernel<T> sub = tile_kernel<T>(Tile::sub), mul = tile_kernel<T>(Tile::mul),
                             sigmoid = tile_kernel<T>(Tile::sigmoid);
  const Index n = call.out.shape().back(), rows = call.in[2]->numel();
  const T *x = call.in[0]->data(), *y = call.in[1]->data(), *scale = call.in[2]->data();
  for_each_block(rows, n, [&](Index r, Index height, Index i, Index width) {
    T* const at = call.out.data() + r * n + i;
    const TileArg<T> logits{x + r * n + i, 1, n};
    const std::array<TileArg<T>, 2> missed{TileArg<T>{at, 1, n}, TileArg<T>{y + r * n + i, 1, n}};
    const std::array<TileArg<T>, 2> scaled{TileArg<T>{at, 1, n}, of_rows(scale, r)};
    sigmoid(&logits, {at, n}, height, width);
    sub(missed.data(), {at, n}, height, width);
    mul(scaled.data(), {at, n}, height, width);
  });
}

// Of g (sigmoid(x) - y).
Var binary_cross_entropy_slope_derivative(const DerivativeCall& d) {
  const Var share = sigmoid(d.in[0]);
  if (d.wrt == 2) return row_sum(d.grad * (share - d.in[1]));
  const Var along = d.grad * column(d.in[2]);
  return d.wrt == 0 ? along * sigmoid_slope(share) : -along;
}

Var binary_cross_entropy_slope_tangent(const TangentCall& call) {
  const Var dx = call.tangents[0], dy = call.tangents[1], dg = call.tangents[2];
  Var moved, sum;
  if (dx.defined()) moved = dx * sigmoid_slope(sigmoid(call.in[0]));
  if (dy.defined()) moved = plus(moved, -dy);
  if (moved.defined()) sum = moved * column(call.in[2]);
  if (dg.defined()) sum = plus(sum, binary_cross_entropy_slope(call.in[0], call.in[1], dg));
  return sum;
}

Op with_inputs(int differentiable, Op op) {
  op.differentiable_inputs = differentiable;
  return op;
}

}  // namespace

std::vector<Op> loss_ops() {
  const std::vector<std::vector<double>> labels = {{2, 0, 1}};
  return {
      with_inputs(
          1, with_tangent(cross_entropy_tangent, {"cross_entropy",
                                                  "logsumexp(x) - x at a label, of each row",
                                                  2,
                                                  cross_entropy_shape,
                                                  cross_entropy_kernel<float>,
                                                  cross_entropy_kernel<double>,
                                                  cross_entropy_derivative,
                                                  {{{Shape{3, 4}, Shape{3}}, {}, labels},
                                                   {{Shape{3, 1, 3}, Shape{3, 1}}, {}, labels}}})),
      with_inputs(3, with_tangent(cross_entropy_slope_tangent,
                                  {"cross_entropy_slope",
                                   "g (e^(x - s) - 1 at a label), with numbers s and g of each row",
                                   4,
                                   cross_entropy_slope_shape,
                                   cross_entropy_slope_kernel<float>,
                                   cross_entropy_slope_kernel<double>,
                                   cross_entropy_slope_derivative,
                                   {{{Shape{3, 4}, Shape{3}, Shape{3}, Shape{3}}, {}, labels}}})),
      with_tangent(binary_cross_entropy_tangent,
                   {"binary_cross_entropy",
                    "sum of log(1 + e^x) - y x over each row",
                    2,
                    binary_cross_entropy_shape,
                    binary_cross_entropy_kernel<float>,
                    binary_cross_entropy_kernel<double>,
                    binary_cross_entropy_derivative,
                    {{{Shape{3, 4}, Shape{3, 4}}}, {{Shape{2, 2, 3}, Shape{2, 2, 3}}}}}),
      with_tangent(binary_cross_entropy_slope_tangent,
                   {"binary_cross_entropy_slope",
                    "g (sigmoid(x) - y), with a number g of each row",
                    3,
                    binary_cross_entropy_slope_shape,
                    binary_cross_entropy_slope_kernel<float>,
                    binary_cross_entropy_slope_kernel<double>,
                    binary_cross_entropy_slope_derivative,
                    {{{Shape{3, 4}, Shape{3, 4}, Shape{3}}}}}),
  };
}

Var cross_entropy(Var x, Var labels) {
  static const Op& op = find_op("cross_entropy");
  return carousel::apply(op, std::array{x, labels});
}

Var cross_entropy_slope(Var x, Var s, Var g, Var labels) {
  static const Op& op = find_op("cross_entropy_slope");
  return carousel::apply(op, std::array{x, s, g, labels});
}

Var binary_cross_entropy(Var x, Var y) {
  static const Op& op = find_op("binary_cross_entropy");
  return carousel::apply(op, std::array{x, y});
}

Var binary_cross_entropy_slope(Var x, Var y, Var g) {
  static const Op& op = find_op("binary_cross_entropy_slope");
  return carousel::apply(op, std::array{x, y, g});
}

}  // namespace carousel
