#include "kernel/matrix_function.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>
#include <xtensor-blas/xlinalg.hpp>

#include "kernel/elimination.hpp"
#include "kernel/factorisation.hpp"
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

// The largest sum of absolute values of a column; NaN where there is one.
template <class T>
double largest_column_sum(const T* a, Index n) {
  std::vector<double> sums(static_cast<std::size_t>(n), 0.0);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j)
      sums[static_cast<std::size_t>(j)] += std::abs(double(a[i * n + j]));
  }
  double largest = 0.0;
  for (const double sum : sums) {
    if (std::isnan(sum)) return sum;
    largest = std::max(largest, sum);
  }
  return largest;
}

// The factorisation and a matrix of the calling thread, whose memory is used again.
struct Workspace {
  LuFactorisation factors;
  std::vector<double> x;
};

Workspace& workspace() {
  thread_local Workspace work;
  return work;
}

}  // namespace

template <class T>
bool matrix_inverse(const T* a, Index n, T* out) {
  if (n <= largest_small_inverse) return elimination_kernels<T>().invert(a, n, out);
  auto& [factors, x] = workspace();
  if (!factors.factor(a, n, false)) return false;
  x.assign(static_cast<std::size_t>(n * n), 0.0);
  for (Index i = 0; i < n; ++i) x[static_cast<std::size_t>(i * (n + 1))] = 1.0;
  factors.solve(x.data(), n);
  const double condition = largest_column_sum(a, n) * largest_column_sum(x.data(), n);
  std::transform(x.begin(), x.end(), out, [](double v) { return static_cast<T>(v); });
  return !(condition * std::numeric_limits<double>::epsilon() > 1.0);
}

template <class T>
bool solve_linear(const T* a, Index n, bool transposed, const T* b, Index columns, T* x) {
  if (n == 0 || columns == 0) return true;
  if (elimination_kernels<T>().may_be_definite(a, n) &&
      solve_positive_definite(a, n, b, columns, x)) {
    return true;
  }
  auto& [factors, solution] = workspace();
  if (!factors.factor(a, n, transposed)) return false;
  solution.assign(b, b + n * columns);
  factors.solve(solution.data(), columns);
  std::ranges::transform(solution, x, [](double v) { return static_cast<T>(v); });
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

template bool matrix_inverse(const float*, Index, float*);
template bool matrix_inverse(const double*, Index, double*);
template bool solve_linear(const float*, Index, bool, const float*, Index, float*);
template bool solve_linear(const double*, Index, bool, const double*, Index, double*);

}  // namespace carousel
