#pragma once

#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// P a = L U with row exchanges, in double. The columns are halved until a few are left (Toledo
/// 1997, "Locality of reference in LU decomposition with partial pivoting"), so nearly all of the
/// work is products, by compiled kernels. One thread uses it at a time; memory is used again.
class LuFactorisation {
 public:
  /// Factors a, or a^T. a: [n, n], row-major. False when a pivot is 0; then it can't solve.
  template <class T>
  bool factor(const T* a, Index n, bool transposed);
  /// b becomes x of a x = b. b: [n, columns], row-major.
  void solve(double* b, Index columns) const;

 private:
  bool eliminate(Index first, Index width);
  bool eliminate_panel(Index first);
  void solve_lower(Index first, Index size, double* b, Index columns, Index step) const;
  void solve_upper(Index first, Index size, double* b, Index columns, Index step) const;
  double* at(Index row, Index column) { return factors_.data() + row * step_ + column; }
  const double* at(Index row, Index column) const { return factors_.data() + row * step_ + column; }

  Index n_ = 0, step_ = 0;
  std::vector<double> factors_;   // -L below the diagonal, U on it and above
  std::vector<Index> exchanges_;  // the row with which row k was exchanged
};

/// Solves a x = b by a Cholesky factorisation, in double, row by row of blocks. a: [n, n],
/// symmetric, of which the upper half is read; b, x: [n, columns]; row-major. False when `a` is not
/// positive definite to the precision of double; `x` is then left alone.
template <class T>
bool solve_positive_definite(const T* a, Index n, const T* b, Index columns, T* x);

}  // namespace carousel
