#pragma once

#include "tensor/shape.hpp"

namespace carousel {

/// out = e^a by scaling and squaring with Pade approximants of degree 3 to 13 (Higham 2005, "The
/// scaling and squaring method for the matrix exponential revisited"). a, out: [n, n], row-major.
/// All NaN when an element of `a` is not finite.
void matrix_exponential(const double* a, Index n, double* out);

/// The Frechet derivative of e^a along e: out = lim (e^(a + h e) - e^a) / h for h to 0, at three
/// times the work of e^a (Al-Mohy and Higham 2009, "Computing the Frechet derivative of the matrix
/// exponential, with an application to condition number estimation", algorithm 6.4). a, e, out:
/// [n, n], row-major. All NaN when an element of `a` is not finite.
void matrix_exponential_derivative(const double* a, const double* e, Index n, double* out);

/// out = a^-1, computed in double. a, out: [n, n], row-major. False when `a` is singular to the
/// precision of double; `out` is then not to be used.
template <class T>
bool matrix_inverse(const T* a, Index n, T* out);

/// Solves a x = b, or a^T x = b, in double: by a Cholesky factorisation where `a` is symmetric to
/// the rounding of T (EliminationKernels::may_be_definite) and positive definite, of which the
/// upper half is read, else by an LU factorisation with row exchanges. a: [n, n]; b, x: [n,
/// columns]; row-major. False when a pivot is 0; `x` is then left alone.
template <class T>
bool solve_linear(const T* a, Index n, bool transposed, const T* b, Index columns, T* x);

/// The eigenvalues of a symmetric matrix in rising order, [n], and their eigenvectors, [n, n], a
/// row each, of length 1. a: [n, n]. False when they are not found; the results are then not to be
/// used.
bool symmetric_eigen(const double* a, Index n, double* values, double* vectors);

}  // namespace carousel
