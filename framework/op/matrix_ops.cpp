#include <array>

#include "kernel/matrix_function.hpp"
#include "op/families.hpp"

namespace carousel {
namespace {

Shape square_shape(const Shape& x, const char* what) {
  if (x.rank() != 2 || x[0] != x[1] || x[0] < 0) {
    fail_input("{}: got shape {}, expected a square matrix", what, x.to_string());
  }
  return x;
}

// The work is done in double, whatever T is.
template <class T, class F>
void in_double(const KernelCall<T>& call, F f) {
  const std::vector<double> in(call.in[0]->values().begin(), call.in[0]->values().end());
  std::vector<double> out(in.size());
  f(in.data(), call.out.shape()[0], out.data());
  std::transform(out.begin(), out.end(), call.out.data(),
                 [](double v) { return static_cast<T>(v); });
}

template <class T>
void expm_kernel(const KernelCall<T>& call) {
  in_double(call, matrix_exponential);
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
  in_double(call, [](const double* a, Index n, double* out) {
    if (matrix_inverse(a, n, out)) return;
    fail_input("inverse: got a singular matrix of shape [{}, {}], expected one that has an inverse",
               n, n);
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

}  // namespace

std::vector<Op> matrix_ops() {
  return {
      with_tangent(expm_tangent,
                   {"expm",
                    "matrix exponential",
                    1,
                    [](const ShapeCall& call) { return square_shape(*call.in[0], "expm"); },
                    expm_kernel<float>,
                    expm_kernel<double>,
                    expm_derivative,
                    {{{Shape{3, 3}}}, {{Shape{1, 1}}}},
                    {},
                    -1.0,
                    1.0}),
      with_tangent(inverse_tangent,
                   {"inverse",
                    "inverse of a matrix",
                    1,
                    [](const ShapeCall& call) { return square_shape(*call.in[0], "inverse"); },
                    inverse_kernel<float>,
                    inverse_kernel<double>,
                    inverse_derivative,
                    {{{Shape{3, 3}}, {}, {{2.0, 0.5, -0.3, 0.1, -1.5, 0.7, 0.4, 0.2, 1.2}}},
                     {{Shape{1, 1}}, {}, {{0.8}}}}}),
  };
}

}  // namespace carousel
