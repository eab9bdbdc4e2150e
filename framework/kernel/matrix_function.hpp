#pragma once

#include "tensor/shape.hpp"

namespace carousel {

/// out = e^a by scaling and squaring with the Pade approximant of degree 13 (Higham 2005, "The
/// scaling and squaring method for the matrix exponential revisited"). a, out: [n, n], row-major.
/// All NaN when an element of `a` is not finite.
void matrix_exponential(const double* a, Index n, double* out);

/// out = a^-1. a, out: [n, n], row-major. False when `a` is singular to the precision of double;
/// `out` is then not to be used.
bool matrix_inverse(const double* a, Index n, double* out);

/// Solves a x = b, or a^T x = b, by an LU factorisation with row exchanges. a: [n, n]; b, x:
/// [n, columns]; row-major. False when a pivot is 0; `x` is then left alone.
bool solve_linear(const double* a, Index n, bool transposed, const double* b, Index columns,
                  double* x);

/// Solves a x = b by a Cholesky factorisation. a: [n, n], symmetric; b, x: [n, columns]; row-major.
/// False when `a` is not positive definite to the precision of double; `x` is then left alone.
bool solve_positive_definite(const double* a, Index n, const double* b, Index columns, double* x);

/// The eigenvalues of a symmetric matrix in rising order, [n], and their eigenvectors, [n, n], a
/// row each, of length 1. a: [n, n]. False when they are not found; the results are then not to be
/// used.
bool symmetric_eigen(const double* a, Index n, double* values, double* vectors);

}  // namespace carousel
