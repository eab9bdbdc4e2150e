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

// f(k, out) for the k-th matrix of the last two axes of the operands. Where f can't do it, all of
// the result is NaN.
template <class T, class F>
void each_matrix(const KernelCall<T>& call, F f) {
  const Shape& shape = call.in[0]->shape();
  const Index size = shape.back() * shape.back();
  const Index count = size == 0 ? 0 : call.in[0]->numel() / size;
  const Index width = count == 0 ? 0 : call.out.numel() / count;
  for (Index k = 0; k < count; ++k) {
    T* out = call.out.data() + k * width;
    if (!f(k, out)) std::fill_n(out, width, std::numeric_limits<T>::quiet_NaN());
  }
}

template <class T>
std::vector<double> in_double(const Tensor<T>& x) {
  return {x.data(), x.data() + x.numel()};
}

template <class T>
void round_to(const std::vector<double>& from, Tensor<T>& to) {
  std::ranges::transform(from, to.data(), [](double v) { return static_cast<T>(v); });
}

template <class T>
void expm_kernel(const KernelCall<T>& call) {
  const std::vector<double> a = in_double(*call.in[0]);
  std::vector<double> out(a.size());
  matrix_exponential(a.data(), call.out.shape().back(), out.data());
  round_to(out, call.out);
}

template <class T>
void expm_frechet_kernel(const KernelCall<T>& call) {
  const std::vector<double> a = in_double(*call.in[0]), e = in_double(*call.in[1]);
  std::vector<double> out(a.size());
  matrix_exponential_derivative(a.data(), e.data(), call.out.shape().back(), out.data());
  round_to(out, call.out);
}

Shape frechet_shape(const ShapeCall& call) {
  if (!(*call.in[0] == *call.in[1])) {
    fail_input("expm_frechet: got {} and {}, expected two square matrices of one size",
               call.in[0]->to_string(), call.in[1]->to_string());
  }
  return one_square_shape(*call.in[0], "expm_frechet");
}

// [[a, b], [c, d]], where an empty one is zeros. [n, n] each, to [2 n, 2 n].
Var block_matrix(Index n, Var a, Var b, Var c, Var d) {
  const auto row = [&](Var left, Var right) {
    if (!left.defined()) return pad(right, -1, n, 2 * n);
    if (!right.defined()) return pad(left, -1, 0, 2 * n);
    return concat(std::array{left, right}, -1);
  };
  if (!c.defined() && !d.defined()) return pad(row(a, b), -2, 0, 2 * n);
  return concat(std::array{row(a, b), row(c, d)}, -2);
}

Var block_of(Var matrix, Index n, Index row, Index column) {
  return slice(slice(matrix, -2, row * n, n), -1, column * n, n);
}

// <g, L(a, e)> has the slope L(a^T, g) in a: the adjoint of L(a, .) is L(a^T, .).
Var expm_derivative(const DerivativeCall& d) { return expm_frechet(transpose(d.in[0]), d.grad); }

Var expm_tangent(const TangentCall& call) { return expm_frechet(call.in[0], call.tangents[0]); }

// L(a, e) is the upper right block of e^X, X = [[a, e], [0, a]] (Najfeld and Havel 1995,
// "Derivatives of the matrix exponential and their computation"). So what is its slope in a comes
// from that of e^X, and the rule of e^X leads back here.
Var expm_frechet_derivative(const DerivativeCall& d) {
  const Var a = d.in[0];
  if (d.wrt == 1) return expm_frechet(transpose(a), d.grad);
  const Index n = a.shape()[0];
  const Var slope = expm_frechet(transpose(block_matrix(n, a, d.in[1], {}, a)),
                                 block_matrix(n, {}, d.grad, {}, {}));
  return block_of(slope, n, 0, 0) + block_of(slope, n, 1, 1);
}

Var expm_frechet_tangent(const TangentCall& call) {
  const Var a = call.in[0], da = call.tangents[0], de = call.tangents[1];
  const Var from_e = de.defined() ? expm_frechet(a, de) : Var();
  if (!da.defined()) return from_e;
  const Index n = a.shape()[0];
  const Var moved =
      expm_frechet(block_matrix(n, a, call.in[1], {}, a), block_matrix(n, da, {}, {}, da));
  const Var from_a = block_of(moved, n, 0, 1);
  return from_e.defined() ? from_e + from_a : from_a;
}

template <class T>
void inverse_kernel(const KernelCall<T>& call) {
  const Index n = call.out.shape().back();
  each_matrix(call, [&](Index k, T* out) {
    return matrix_inverse(call.in[0]->data() + k * n * n, n, out);
  });
}

Var inverse_derivative(const DerivativeCall& d) {
  return -matmul(matmul(d.out, d.grad, true, false), d.out, false, true);
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
  const Index n = call.in[0]->shape().back();
  each_matrix(call, [&](Index k, T* out) {
    return solve_linear(call.in[0]->data() + k * n * n, n, call.attributes.transpose_a,
                        call.in[1]->data() + k * n * columns, columns, out);
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
      with_tangent(expm_frechet_tangent,
                   {"expm_frechet",
                    "derivative of expm(a) along b",
                    2,
                    frechet_shape,
                    expm_frechet_kernel<float>,
                    expm_frechet_kernel<double>,
                    expm_frechet_derivative,
                    {{{Shape{3, 3}, Shape{3, 3}}}, {{Shape{1, 1}, Shape{1, 1}}}},
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
