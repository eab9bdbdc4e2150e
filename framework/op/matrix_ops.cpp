#include <array>
#include <limits>

#include "kernel/matrix_function.hpp"
#include "op/families.hpp"

namespace carousel {
namespace {

Shape square_shape(const Shape& x, const char* what) {
  const int rank = x.rank();
  if (rank < 2 || x[rank - 2] != x[rank - 1] || x[rank - 1] < 0) {
    fail_input("{}: got shape {}, expected a square matrix", what, x.to_string());
  }
  return x;
}

Shape one_square_shape(const Shape& x, const char* what) {
  if (x.rank() != 2) {
    fail_input("{}: got shape {}, expected a square matrix", what, x.to_string());
  }
  return square_shape(x, what);
}

// f for each matrix of the last two axes of the operands. The work is done in double, whatever T
// is; where it can't be done, all of the result is NaN.
template <class T, class F>
void each_matrix(const KernelCall<T>& call, F f) {
  const Shape& shape = call.in[0]->shape();
  const Index size = shape.back() * shape.back();
  const Index count = size == 0 ? 0 : call.in[0]->numel() / size;
  const Index width = count == 0 ? 0 : call.out.numel() / count;
  std::vector<double> out(static_cast<std::size_t>(width));
  for (Index i = 0; i < count; ++i) {
    std::array<std::vector<double>, 2> in;
    for (std::size_t k = 0; k < call.in.size(); ++k) {
      const Index n = call.in[k]->numel() / count;
      in[k].assign(call.in[k]->data() + i * n, call.in[k]->data() + (i + 1) * n);
    }
    if (!f(in, shape.back(), out.data())) {
      std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
    }
    std::transform(out.begin(), out.end(), call.out.data() + i * width,
                   [](double v) { return static_cast<T>(v); });
  }
}

using Operands = std::array<std::vector<double>, 2>;

template <class T>
void expm_kernel(const KernelCall<T>& call) {
  each_matrix(call, [](const Operands& in, Index n, double* out) {
    matrix_exponential(in[0].data(), n, out);
    return true;
  });
}

// The cotangent of e^A for G: the upper right block of e^[[A^T, G], [0, A^T]] (Najfeld and Havel
// 1995, "Derivatives of the matrix exponential and their computation").
Var expm_derivative(const DerivativeCall& d) {
  const Index n = d.in[0].shape()[0];
  const Var a = transpose(d.in[0]);
  const Var upper = concat(std::array{a, d.grad}, -1);
  const Var lower = pad(a, -1, n, 2 * n);
  return slice(slice(expm(concat(std::array{upper, lower}, -2)), -2, 0, n), -1, n, n);
}

template <class T>
void inverse_kernel(const KernelCall<T>& call) {
  each_matrix(call, [](const Operands& in, Index n, double* out) {
    return matrix_inverse(in[0].data(), n, out);
  });
}

Var inverse_derivative(const DerivativeCall& d) {
  return -matmul(matmul(d.out, d.grad, true, false), d.out, false, true);
}

// The cotangent of e^A for G is the derivative of e^(A^T) along G.
Var expm_tangent(const TangentCall& call) {
  const std::array in{transpose(call.in[0])};
  return expm_derivative({in, call.out, call.tangents[0], call.attributes, 0});
}

Var inverse_tangent(const TangentCall& call) {
  return -matmul(matmul(call.out, call.tangents[0]), call.out);
}

Shape solve_shape(const ShapeCall& call) {
  const Shape& a = *call.in[0];
  const Shape& b = *call.in[1];
  bool fits = a.rank() == b.rank() && a.rank() >= 2;
  for (int i = 0; fits && i + 1 < a.rank(); ++i) fits = a[i] == b[i];
  if (!fits || b.back() < 0) {
    fail_input("solve: got {} for {}, expected [.., n, n] and [.., n, k]", a.to_string(),
               b.to_string());
  }
  square_shape(a, "solve");
  return b;
}

template <class T>
void solve_kernel(const KernelCall<T>& call) {
  const Index columns = call.out.shape().back();
  each_matrix(call, [&](const Operands& in, Index n, double* out) {
    return solve_linear(in[0].data(), n, call.attributes.transpose_a, in[1].data(), columns, out);
  });
}

// With A x = b: the cotangent of b is A^-T g, that of A is minus its outer product with x.
Var solve_derivative(const DerivativeCall& d) {
  const bool turned = d.attributes.transpose_a;
  const Var of_b = solve(d.in[0], d.grad, !turned);
  if (d.wrt == 1) return of_b;
  return -(turned ? matmul(d.out, of_b, false, true) : matmul(of_b, d.out, false, true));
}

Var solve_tangent(const TangentCall& call) {
  const bool turned = call.attributes.transpose_a;
  const Var da = call.tangents[0], db = call.tangents[1];
  const Var from_b = db.defined() ? solve(call.in[0], db, turned) : Var();
  if (!da.defined()) return from_b;
  const Var from_a = -solve(call.in[0], matmul(da, call.out, turned, false), turned);
  return from_b.defined() ? from_b + from_a : from_a;
}

Attributes turned() {
  Attributes attributes;
  attributes.transpose_a = true;
  return attributes;
}

// Far from singular: one matrix, and two.
const std::vector<double> regular = {2.0, 0.5, -0.3, 0.1, -1.5, 0.7, 0.4, 0.2, 1.2};
const std::vector<double> regular_pair = {1.5, 0.4, -0.6, 1.1, -0.9, 0.3, 0.2, 1.3};

Example solving(const Shape& a, const Shape& b, const Attributes& attributes,
                const std::vector<double>& matrix) {
  std::vector<double> right(static_cast<std::size_t>(b.numel()));
  for (std::size_t i = 0; i < right.size(); ++i) right[i] = 0.7 - 0.25 * static_cast<double>(i);
  return {{a, b}, attributes, {matrix, right}};
}

}  // namespace

std::vector<Op> matrix_ops() {
  return {
      with_tangent(expm_tangent,
                   {"expm",
                    "matrix exponential",
                    1,
                    [](const ShapeCall& call) { return one_square_shape(*call.in[0], "expm"); },
                    expm_kernel<float>,
                    expm_kernel<double>,
                    expm_derivative,
                    {{{Shape{3, 3}}}, {{Shape{1, 1}}}},
                    {},
                    -1.0,
                    1.0}),
      with_tangent(inverse_tangent,
                   {"inverse",
                    "inverse of the matrices of the last two axes",
                    1,
                    [](const ShapeCall& call) { return square_shape(*call.in[0], "inverse"); },
                    inverse_kernel<float>,
                    inverse_kernel<double>,
                    inverse_derivative,
                    {{{Shape{3, 3}}, {}, {regular}},
                     {{Shape{1, 1}}, {}, {{0.8}}},
                     {{Shape{2, 2, 2}}, {}, {regular_pair}}}}),
      with_tangent(solve_tangent, {"solve",
                                   "x of a x = b, or of a transposed",
                                   2,
                                   solve_shape,
                                   solve_kernel<float>,
                                   solve_kernel<double>,
                                   solve_derivative,
                                   {solving({3, 3}, {3, 2}, {}, regular),
                                    solving({3, 3}, {3, 1}, turned(), regular),
                                    solving({2, 2, 2}, {2, 2, 1}, {}, regular_pair),
                                    solving({2, 2, 2}, {2, 2, 3}, turned(), regular_pair)}}),
  };
}

}  // namespace carousel
