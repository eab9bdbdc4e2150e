#pragma once
// What eliminations of matrices do element by element, compiled for each instruction set as tiles
// are (kernel/tile.hpp). All work in double, whatever T is.

#include "tensor/shape.hpp"

namespace carousel {

/// Rows and columns of the blocks that a Cholesky factorisation eliminates at a time.
constexpr Index factor_block = 8;

/// Rows of the largest matrix that `invert` takes.
constexpr Index largest_small_inverse = 32;

/// The functions for one instruction set.
template <class T>
struct EliminationKernels {
  /// to = -from. from, to: [n].
  void (*negated)(const T* from, Index n, double* to);
  /// Whether a = a^T to the last bit. a: [n, n].
  bool (*is_symmetric)(const T* a, Index n);
  /// inverse = -l^-1 of a = l l^T; a is lost. Both [factor_block, factor_block], of which a's upper
  /// half is read. False where a is not positive definite.
  bool (*invert_factor)(double* a, double* inverse);
  /// out = a^-1 by Gauss-Jordan elimination with row exchanges, without memory of its own. a, out:
  /// [n, n], n up to largest_small_inverse. False when `a` is singular to the precision of double.
  bool (*invert)(const T* a, Index n, T* out);
};

/// Those for the instruction set in use.
template <class T>
const EliminationKernels<T>& elimination_kernels();

}  // namespace carousel
