#pragma once
// What eliminations of matrices do element by element, compiled for each instruction set as tiles
// are (kernel/tile.hpp). All work in double, whatever T is.

#include "tensor/shape.hpp"

namespace carousel {

/// Rows and columns of the blocks that a Cholesky factorisation eliminates at a time.
constexpr Index factor_block = 8;

/// Columns that an LU factorisation eliminates one by one.
constexpr Index panel_columns = 16;

/// Rows of the largest matrix that `invert` takes.
constexpr Index largest_small_inverse = 32;

/// How far from symmetric a matrix may be, in half units of the last place of T, to be taken as
/// symmetric: far less than what a solution in T is off by.
constexpr int symmetry_roundings = 16;

/// The functions for one instruction set.
template <class T>
struct EliminationKernels {
  /// to = -from. from, to: [n].
  void (*negated)(const T* from, Index n, double* to);
  /// Whether the diagonal of `a` is positive and a = a^T but for symmetry_roundings roundings of
  /// the smallest element on it: a sum of outer products, of which each is rounded by its own, is
  /// symmetric so far. a: [n, n], n > 0.
  bool (*may_be_definite)(const T* a, Index n);
  /// inverse = -l^-1 of a = l l^T; a is lost. Both [factor_block, factor_block], of which a's upper
  /// half is read. False where a is not positive definite.
  bool (*invert_factor)(double* a, double* inverse);
  /// Eliminates min(rows, panel_columns) columns with row exchanges: -l below the diagonal, u on it
  /// and above. panel: [rows, panel_columns], `step` elements from row to row. exchanges:
  /// [columns], the row with which row k was exchanged. False when a pivot is 0.
  bool (*eliminate_panel)(double* panel, Index rows, Index step, Index* exchanges);
  /// out = a^-1 by Gauss-Jordan elimination with row exchanges, without memory of its own. a, out:
  /// [n, n], n up to largest_small_inverse. False when `a` is singular to the precision of double.
  bool (*invert)(const T* a, Index n, T* out);
};

/// Those for the instruction set in use.
template <class T>
const EliminationKernels<T>& elimination_kernels();

}  // namespace carousel
