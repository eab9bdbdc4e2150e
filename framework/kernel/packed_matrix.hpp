#pragma once

#include "tensor/tensor.hpp"

namespace carousel {

/// A matrix packed once for many products with it on the right: panels of columns, each laid out
/// as the kernels read it. On x86-64 the kernels are LIBXSMM's, compiled for the sizes when they
/// are first met; elsewhere the plain product stands in.
template <class T>
class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// Packs [k, n] from `parts` stacked by rows: [rows, columns] each, the same columns.
  /// transpose: the matrix is the stack transposed, so k = columns and n = the sum of rows.
  PackedMatrix(const std::vector<const Tensor<T>*>& parts, bool transpose);

  Index rows() const { return k_; }
  Index columns() const { return n_; }

  /// C = A * matrix, or C += A * matrix. a: [m, k] with lda elements from row to row;
  /// c: [m, n] with ldc.
  void multiply(Index m, const T* a, Index lda, bool accumulate, T* c, Index ldc) const;

 private:
  Index k_ = 0, n_ = 0;
  Index panel_ = 0;  // columns of a panel; the last one may have fewer
  Tensor<T> data_;   // panel after panel, [k, width] each
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace carousel
