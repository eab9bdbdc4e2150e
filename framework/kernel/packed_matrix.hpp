#pragma once

#include <array>
#include <span>

#include "kernel/pair_panels.hpp"
#include "kernel/small_gemm.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// A matrix in somebody's memory: [rows, columns].
template <class T>
struct MatrixPart {
  const T* data;  ///< its first element
  Index rows,     ///< how many
      columns,    ///< elements of a row
      row_step;   ///< elements from row to row
};

/// A matrix packed once for many products with it on the right: panels of columns, each laid out
/// as the kernels read it. One thread uses it at a time.
template <class T>
class PackedMatrix {
 public:
  /// Packs [k, n] from `parts` stacked by rows, all of the same columns.
  /// transpose: the matrix is the stack transposed, so k = columns and n = the sum of rows.
  /// The memory of an earlier matrix of the same size is used again. rounding: of both operands of
  /// the products that follow.
  void pack(std::span<const MatrixPart<T>> parts, bool transpose,
            Rounding rounding = Rounding::none);

  /// The same matrix in the same memory, for another thread. This one must not be packed meanwhile.
  PackedMatrix sharing() const;

  /// k: the elements of a row of A.
  Index rows() const { return k_; }
  /// n: the elements of a row of C.
  Index columns() const { return n_; }

  /// C = A * matrix, or C += A * matrix. a: [m, k] with lda elements from row to row;
  /// c: [m, n] with ldc.
  void multiply(Index m, const T* a, Index lda, bool accumulate, T* c, Index ldc);
  /// The same with A^T in the place of A, which is not rounded. a: [k, m].
  void multiply_transposed(Index m, const T* a, Index lda, bool accumulate, T* c, Index ldc) {
    multiply_blocks(m, {a, lda, true}, accumulate, c, ldc);
  }

 private:
  struct Left {
    const T* data;
    Index step;
    bool transposed;
  };
  void pack_rounded(std::span<const MatrixPart<T>> parts, bool transpose);
  void pack_rows(const MatrixPart<T>& part, Index row);
  void pack_transposed(const MatrixPart<T>& part, Index row);
  void multiply_blocks(Index m, const Left& a, bool accumulate, T* c, Index ldc);

  Index k_ = 0, n_ = 0;
  Index panel_ = 0;  // columns of a panel; the last one may have fewer
  Tensor<T> data_;   // panel after panel, [k, width] each
  bool is_rounded_ = false;
  PairPanels rounded_;  // in the place of data_
  // Of whole blocks of rows and the last one, times whole panels and the last one.
  std::array<std::array<SmallGemm<T>, 2>, 2> kernels_;
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace carousel
