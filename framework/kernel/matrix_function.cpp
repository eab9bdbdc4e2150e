#include "kernel/matrix_function.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>
#include <xtensor-blas/xlinalg.hpp>

#include "tensor/blas.hpp"

namespace carousel {
namespace {

using Matrix = xt::xtensor<double, 2>;

Matrix matrix_from(const double* a, Index n) {
  const auto size = static_cast<std::size_t>(n);
  Matrix m = Matrix::from_shape({size, size});
  std::copy_n(a, n * n, m.data());
  return m;
}

double largest_column_sum(const double* a, Index n) {
  double largest = 0.0;
  for (Index j = 0; j < n; ++j) {
    double sum = 0.0;
    for (Index i = 0; i < n; ++i) sum += std::abs(a[i * n + j]);
    if (!(sum <= largest)) largest = sum;
  }
  return largest;
}

// [rows, columns] to [columns, rows], row-major.
std::vector<double> transposed_copy(const double* a, Index rows, Index columns) {
  std::vector<double> out(static_cast<std::size_t>(rows * columns));
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) {
      out[static_cast<std::size_t>(j * rows + i)] = a[i * columns + j];
    }
  }
  return out;
}

// e^a for a matrix whose largest column sum is at most 5.37.
Matrix pade_13(const Matrix& a) {
  constexpr double b[] = {64764752532480000.0,
                          32382376266240000.0,
                          7771770303897600.0,
                          1187353796428800.0,
                          129060195264000.0,
                          10559470521600.0,
                          670442572800.0,
                          33522128640.0,
                          1323241920.0,
                          40840800.0,
                          960960.0,
                          16380.0,
                          182.0,
                          1.0};
  const Matrix one = xt::eye<double>(a.shape()[0]);
  const Matrix a2 = xt::linalg::dot(a, a);
  const Matrix a4 = xt::linalg::dot(a2, a2);
  const Matrix a6 = xt::linalg::dot(a2, a4);
  const Matrix odd_high = b[13] * a6 + b[11] * a4 + b[9] * a2;
  const Matrix odd_sum =
      xt::linalg::dot(a6, odd_high) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one;
  const Matrix odd = xt::linalg::dot(a, odd_sum);
  const Matrix even_high = b[12] * a6 + b[10] * a4 + b[8] * a2;
  const Matrix even =
      xt::linalg::dot(a6, even_high) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one;
  const Matrix below = even - odd;
  const Matrix above = even + odd;
  return xt::linalg::solve(below, above);
}

}  // namespace

void matrix_exponential(const double* a, Index n, double* out) {
  use_one_blas_thread();
  const double size = largest_column_sum(a, n);
  if (n == 0) return;
  if (!std::isfinite(size)) {
    std::fill_n(out, n * n, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  int halvings = 0;
  while (std::ldexp(size, -halvings) > 5.371920351148152) ++halvings;
  const Matrix scaled = std::ldexp(1.0, -halvings) * matrix_from(a, n);
  Matrix power = pade_13(scaled);
  for (int i = 0; i < halvings; ++i) {
    const Matrix root = power;
    power = xt::linalg::dot(root, root);
  }
  std::copy_n(power.data(), n * n, out);
}

bool matrix_inverse(const double* a, Index n, double* out) {
  use_one_blas_thread();
  if (n == 0) return true;
  try {
    const Matrix inverse = xt::linalg::inv(matrix_from(a, n));
    std::copy_n(inverse.data(), n * n, out);
  } catch (const std::runtime_error&) {
    return false;  // an exact zero among the pivots
  }
  const double condition = largest_column_sum(a, n) * largest_column_sum(out, n);
  return !(condition * std::numeric_limits<double>::epsilon() > 1.0);
}

bool solve_linear(const double* a, Index n, bool transposed, const double* b, Index columns,
                  double* x) {
  use_one_blas_thread();
  if (n == 0 || columns == 0) return true;
  const auto rows = static_cast<xt::blas_index_t>(n);
  std::vector<double> factors(a, a + n * n);  // read by columns: those of a^T
  std::vector<xt::blas_index_t> exchanges(static_cast<std::size_t>(n));
  if (cxxlapack::getrf<xt::blas_index_t>(rows, rows, factors.data(), rows, exchanges.data()) != 0) {
    return false;
  }
  std::vector<double> by_column = transposed_copy(b, n, columns);
  cxxlapack::getrs<xt::blas_index_t>(transposed ? 'N' : 'T', rows,
                                     static_cast<xt::blas_index_t>(columns), factors.data(), rows,
                                     exchanges.data(), by_column.data(), rows);
  std::ranges::copy(transposed_copy(by_column.data(), columns, n), x);
  return true;
}

bool solve_positive_definite(const double* a, Index n, const double* b, Index columns, double* x) {
  use_one_blas_thread();
  if (n == 0 || columns == 0) return true;
  const auto rows = static_cast<xt::blas_index_t>(n);
  std::vector<double> factor(a, a + n * n);  // symmetric: by rows and by columns the same
  if (cxxlapack::potrf<xt::blas_index_t>('L', rows, factor.data(), rows) != 0) return false;
  for (Index k = 0; k < n; ++k) {  // the library lets a NaN pass
    if (!std::isfinite(factor[static_cast<std::size_t>(k * n + k)])) return false;
  }
  std::vector<double> by_column = transposed_copy(b, n, columns);
  cxxlapack::potrs<xt::blas_index_t>('L', rows, static_cast<xt::blas_index_t>(columns),
                                     factor.data(), rows, by_column.data(), rows);
  std::ranges::copy(transposed_copy(by_column.data(), columns, n), x);
  return true;
}

bool symmetric_eigen(const double* a, Index n, double* values, double* vectors) {
  use_one_blas_thread();
  try {
    // The vectors come as columns, stored by column.
    const auto [found, columns] = xt::linalg::eigh(matrix_from(a, n));
    std::copy_n(found.data(), n, values);
    std::copy_n(columns.data(), n * n, vectors);
  } catch (const std::runtime_error&) {
    return false;
  }
  return true;
}

}  // namespace carousel
