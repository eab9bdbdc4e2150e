#include "kernel/gemm.hpp"

#include <cblas.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "kernel/packed_matrix.hpp"
#include "kernel/tile.hpp"
#include "tensor/blas.hpp"

namespace carousel {
namespace {

// From this many multiplications on, packing is a small part of the work. A block of a packed
// product has fewer.
constexpr Index large = Index{1} << 21;
// Rows of B that are packed at a time: a block of A stays in the second cache.
constexpr Index depth = 512;

blasint blas_size(Index i) { return static_cast<blasint>(std::max<Index>(i, 1)); }

bool takes_blocks(Index m, Index n, Index k) {
  constexpr Index least = 32;  // rows and columns that fill a kernel
  return compiles_small_gemm() && m >= least && n >= least && m * n * k >= large;
}

// A column times a row, row by row. False where the row's elements do not lie side by side.
template <class T>
bool multiply_outer(Index m, Index n, const T* column, Index column_step, const T* row,
                    Index row_step, T* c, Index ldc) {
  if (row_step != 1 && n > 1) return false;
  const std::array<TileArg<T>, 2> args{TileArg<T>{column, 0, column_step}, TileArg<T>{row, 1, 0}};
  tile_kernel<T>(Tile::mul)(args.data(), {c, ldc}, m, n);
  return true;
}

// One row, or one column: a matrix times a vector, for which a product would pack the matrix, and
// a library take longer to begin than a small matrix does. False where the vector's elements do not
// lie side by side.
template <class T>
bool multiply_vector(bool trans, Index rows, Index columns, const T* matrix, Index ld, const T* x,
                     Index x_step, bool accumulate, T* y, Index y_step) {
  if (trans) {
    if (y_step != 1 && columns > 1) return false;
    if (!accumulate) std::fill_n(y, columns, T(0));
    const std::array<TileArg<T>, 2> args{TileArg<T>{x, 0, x_step}, TileArg<T>{matrix, 1, ld}};
    tile_sum_kernel<T>(TileSum::dot_columns)(args.data(), {y, 0}, rows, columns);
    return true;
  }
  if (x_step != 1 && columns > 1) return false;
  const std::array<TileArg<T>, 2> args{TileArg<T>{matrix, 1, ld}, TileArg<T>{x, 1, 0}};
  const TileSum sum = accumulate ? TileSum::add_dot : TileSum::dot;
  tile_sum_kernel<T>(sum)(args.data(), {y, y_step}, rows, columns);
  return true;
}

// By kernels that are compiled for their blocks: OpenBLAS takes an older processor's where it does
// not know the one at hand.
template <class T>
void gemm_by_blocks(bool trans_a, bool trans_b, Index m, Index n, Index k, const T* a, Index lda,
                    const T* b, Index ldb, bool accumulate, T* c, Index ldc) {
  thread_local PackedMatrix<T> packed;
  for (Index first = 0; first < k; first += depth, accumulate = true) {
    const Index count = std::min(depth, k - first);
    const MatrixPart<T> part = trans_b ? MatrixPart<T>{b + first, n, count, ldb}
                                       : MatrixPart<T>{b + first * ldb, count, n, ldb};
    packed.pack({&part, 1}, trans_b);
    if (trans_a) packed.multiply_transposed(m, a + first * lda, lda, accumulate, c, ldc);
    else packed.multiply(m, a + first, lda, accumulate, c, ldc);
  }
}

}  // namespace

template <class T>
void gemm(bool trans_a, bool trans_b, Index m, Index n, Index k, const T* a, Index lda, const T* b,
          Index ldb, T beta, T* c, Index ldc) {
  use_one_blas_thread();
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) c[i * ldc + j] = beta == T(0) ? T(0) : beta * c[i * ldc + j];
    }
    return;
  }
  if (takes_blocks(m, n, k) && (beta == T(0) || beta == T(1))) {
    gemm_by_blocks(trans_a, trans_b, m, n, k, a, lda, b, ldb, beta == T(1), c, ldc);
    return;
  }
  const bool replaces = beta == T(0);
  const Index a_step = trans_a ? 1 : lda, b_step = trans_b ? ldb : 1;
  if (k == 1 && replaces && multiply_outer(m, n, a, a_step, b, b_step, c, ldc)) return;
  const bool is_simple = replaces || beta == T(1);
  if (m == 1 && is_simple &&  // op(B)^T a
      multiply_vector(!trans_b, trans_b ? n : k, trans_b ? k : n, b, ldb, a, trans_a ? lda : 1,
                      !replaces, c, 1)) {
    return;
  }
  if (n == 1 && is_simple &&
      multiply_vector(trans_a, trans_a ? k : m, trans_a ? m : k, a, lda, b, trans_b ? 1 : ldb,
                      !replaces, c, ldc)) {
    return;
  }
  const auto ta = trans_a ? CblasTrans : CblasNoTrans;
  const auto tb = trans_b ? CblasTrans : CblasNoTrans;
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, ta, tb, blas_size(m), blas_size(n), blas_size(k), 1.0f, a,
                blas_size(lda), b, blas_size(ldb), beta, c, blas_size(ldc));
  } else {
    cblas_dgemm(CblasRowMajor, ta, tb, blas_size(m), blas_size(n), blas_size(k), 1.0, a,
                blas_size(lda), b, blas_size(ldb), beta, c, blas_size(ldc));
  }
}

template void gemm(bool, bool, Index, Index, Index, const float*, Index, const float*, Index, float,
                   float*, Index);
template void gemm(bool, bool, Index, Index, Index, const double*, Index, const double*, Index,
                   double, double*, Index);

}  // namespace carousel
