#include <array>
#include <numbers>
#include <numeric>

#include "kernel/broadcast.hpp"
#include "op/families.hpp"

namespace carousel {
namespace {

Shape broadcast_rule(const ShapeCall& call) {
  Shape shape = *call.in[0];
  for (std::size_t k = 1; k < call.in.size(); ++k) {
    shape = broadcast_shapes(shape, *call.in[k], "elementwise op");
  }
  return shape;
}

template <Tile tile, class T>
void kernel(const KernelCall<T>& call) {
  static const TileKernel<T> run = tile_kernel<T>(tile);
  std::array<Operand<T>, 3> operands{};
  for (std::size_t k = 0; k < call.in.size(); ++k) {
    operands[k] = {call.in[k]->data(), &call.in[k]->shape()};
  }
  broadcast_tiles<T>(run, std::span(operands).first(call.in.size()), call.out.shape(),
                     call.out.data());
}

template <Tile tile>
Op entry(std::string_view name, std::string_view doc, Var (*derivative)(const DerivativeCall&)) {
  Op op{name,
        doc,
        tile_arity(tile),
        broadcast_rule,
        kernel<tile, float>,
        kernel<tile, double>,
        derivative,
        {},
        tile};
  if (op.arity == 1) op.examples = {{{Shape{3, 5}}}, {{Shape{}}}};
  if (op.arity == 2) {
    op.examples = {{{Shape{3, 5}, Shape{3, 5}}},
                   {{Shape{3, 5}, Shape{5}}},
                   {{Shape{3, 1}, Shape{3, 5}}},
                   {{Shape{}, Shape{2, 1, 3}}},
                   {{Shape{4, 1}, Shape{3}}}};
  }
  if (op.arity == 3) {
    op.examples = {{{Shape{3, 1}, Shape{3, 5}, Shape{5}}, {}, {}}};
  }
  return op;
}

Op within(double low, double high, Op op) {
  op.low = low;
  op.high = high;
  return op;
}

Op positive(Op op) { return within(0.3, 3.0, std::move(op)); }

template <class T>
void constant_kernel(const KernelCall<T>& call) {
  *call.out.data() = static_cast<T>(call.attributes.value);
}

Op constant_op() {
  return {"constant",
          "a number",
          0,
          [](const ShapeCall&) { return Shape{}; },
          constant_kernel<float>,
          constant_kernel<double>,
          nullptr,
          {}};
}

Shape arange_shape(const ShapeCall& call) {
  if (call.attributes.size < 0) {
    fail_input("arange: got {} elements, expected at least 0", call.attributes.size);
  }
  return {call.attributes.size};
}

template <class T>
void arange_kernel(const KernelCall<T>& call) {
  std::iota(call.out.data(), call.out.data() + call.out.numel(), T(0));
}

Op arange_op() {
  return {"arange",
          "0, 1, .., n - 1",
          0,
          arange_shape,
          arange_kernel<float>,
          arange_kernel<double>,
          nullptr,
          {}};
}

using D = DerivativeCall;

Var quotient_derivative(const D& d) {
  const Var share = safe_div(d.grad, d.in[1]);
  return d.wrt == 0 ? share : -safe_mul(share, d.out);
}

// By a: b a^(b - 1), which is 0 where b is 0. By b: a^b log(a), which is 0 where a is 0.
Var pow_derivative(const D& d) {
  const Var zero = constant(*d.grad.graph, 0.0);
  if (d.wrt == 0) {
    return d.grad * where(d.in[1], d.in[1] * pow(d.in[0], d.in[1] - 1.0), zero);
  }
  return d.grad * where(d.in[0], d.out * log(d.in[0]), zero);
}

}  // namespace

std::vector<Op> elementwise_ops() {
  return {
      constant_op(),
      arange_op(),
      entry<Tile::neg>("neg", "-x", [](const D& d) { return -d.grad; }),
      entry<Tile::exp>("exp", "e^x", [](const D& d) { return d.grad * d.out; }),
      positive(entry<Tile::log>("log", "natural logarithm of x",
                                [](const D& d) { return safe_div(d.grad, d.in[0]); })),
      positive(entry<Tile::sqrt>("sqrt", "square root of x",
                                 [](const D& d) { return safe_div(d.grad, d.out + d.out); })),
      positive(entry<Tile::clipped_sqrt>(
          "clipped_sqrt", "square root of max(x, 0), whose slope is at most 1000",
          [](const D& d) {
            return d.grad / maximum(d.out + d.out, constant(*d.grad.graph, 1e-3));
          })),
      entry<Tile::sin>("sin", "sin(x)", [](const D& d) { return d.grad * cos(d.in[0]); }),
      entry<Tile::cos>("cos", "cos(x)", [](const D& d) { return -(d.grad * sin(d.in[0])); }),
      entry<Tile::tanh>("tanh", "hyperbolic tangent of x",
                        [](const D& d) { return d.grad * tanh_slope(d.out); }),
      entry<Tile::sigmoid>("sigmoid", "1 / (1 + e^-x)",
                           [](const D& d) { return d.grad * sigmoid_slope(d.out); }),
      entry<Tile::tanh_slope>("tanh_slope", "1 - y^2, the slope of tanh where its value is y",
                              [](const D& d) { return d.grad * (-2.0 * d.in[0]); }),
      entry<Tile::sigmoid_slope>("sigmoid_slope",
                                 "y (1 - y), the slope of sigmoid where its value is y",
                                 [](const D& d) { return d.grad * (1.0 - 2.0 * d.in[0]); }),
      // By the value, as for tanh: a scan keeps one of the two, and the value is read elsewhere.
      entry<Tile::relu>("relu", "max(x, 0)", [](const D& d) { return d.grad * step(d.out); }),
      entry<Tile::softplus>("softplus", "log(1 + e^x)",
                            [](const D& d) { return d.grad * sigmoid(d.in[0]); }),
      entry<Tile::erf>("erf", "error function of x",
                       [](const D& d) {
                         return d.grad *
                                (2.0 * std::numbers::inv_sqrtpi * exp(-(d.in[0] * d.in[0])));
                       }),
      entry<Tile::asinh>("asinh", "inverse hyperbolic sine of x",
                         [](const D& d) { return d.grad / sqrt(d.in[0] * d.in[0] + 1.0); }),
      within(
          -0.9, 0.9,
          entry<Tile::atanh>("atanh", "inverse hyperbolic tangent of x",
                             [](const D& d) { return safe_div(d.grad, 1.0 - d.in[0] * d.in[0]); })),
      entry<Tile::floor>("floor", "largest whole number not above x; no gradient", nullptr),
      entry<Tile::abs>("abs", "|x|", [](const D& d) { return d.grad * sign(d.in[0]); }),
      entry<Tile::sign>("sign", "-1, 0 or 1; no gradient", nullptr),
      entry<Tile::step>("step", "1 where x > 0, else 0; no gradient", nullptr),
      entry<Tile::copy>("stop_gradient", "x; no gradient", nullptr),
      entry<Tile::add>("add", "a + b", [](const D& d) { return d.grad; }),
      entry<Tile::sub>("sub", "a - b", [](const D& d) { return d.wrt == 0 ? d.grad : -d.grad; }),
      entry<Tile::mul>("mul", "a * b",
                       [](const D& d) { return d.grad * d.in[d.wrt == 0 ? 1 : 0]; }),
      positive(entry<Tile::div>("div", "a / b", quotient_derivative)),
      entry<Tile::safe_mul>(
          "safe_mul", "a b; 0 where a is 0, whatever b is",
          [](const D& d) { return d.wrt == 0 ? safe_mul(d.grad, d.in[1]) : d.grad * d.in[0]; }),
      positive(entry<Tile::safe_div>("safe_div", "a / b; 0 where a is 0, whatever b is",
                                     quotient_derivative)),
      positive(entry<Tile::pow>("pow", "a to the power of b", pow_derivative)),
      // Where the two are equal, all of the gradient goes to a.
      entry<Tile::maximum>("maximum", "the larger of a and b",
                           [](const D& d) {
                             const Var b_wins = less(d.in[0], d.in[1]);
                             return d.grad * (d.wrt == 0 ? 1.0 - b_wins : b_wins);
                           }),
      entry<Tile::minimum>("minimum", "the smaller of a and b",
                           [](const D& d) {
                             const Var b_wins = less(d.in[1], d.in[0]);
                             return d.grad * (d.wrt == 0 ? 1.0 - b_wins : b_wins);
                           }),
      entry<Tile::less>("less", "1 where a < b, else 0; no gradient", nullptr),
      entry<Tile::where>("where", "a where the condition is not 0, else b",
                         [](const D& d) {
                           if (d.wrt == 0) return Var{};
                           const Var zero = constant(*d.grad.graph, 0.0);
                           return d.wrt == 1 ? where(d.in[0], d.grad, zero)
                                             : where(d.in[0], zero, d.grad);
                         }),
  };
}

}  // namespace carousel
