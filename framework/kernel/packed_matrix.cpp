#include "kernel/packed_matrix.hpp"

#include <algorithm>
#include <type_traits>

#include "kernel/panel_width.hpp"

namespace carousel {
namespace {

// Rows of A in one kernel call: the block of A stays in the caches while the panels pass.
constexpr Index block_rows = 64;

}  // namespace

template <class T>
void PackedMatrix<T>::pack(std::span<const MatrixPart<T>> parts, bool transpose,
                           Rounding rounding) {
  const Index columns = parts[0].columns;
  Index rows = 0;
  for (const MatrixPart<T>& part : parts) rows += part.rows;
  k_ = transpose ? columns : rows;
  n_ = transpose ? rows : columns;
  is_rounded_ = rounds<T>(rounding);
  if (is_rounded_) return pack_rounded(parts, transpose);
  panel_ = panel_width(n_);
  if (data_.numel() < k_ * n_) data_ = Tensor<T>::uninitialised({k_ * n_});
  Index row = 0;  // of the stack
  for (const MatrixPart<T>& part : parts) {
    if (transpose) pack_transposed(part, row);
    else pack_rows(part, row);
    row += part.rows;
  }
}

template <class T>
void PackedMatrix<T>::pack_rounded(std::span<const MatrixPart<T>> parts, bool transpose) {
  if constexpr (std::is_same_v<T, float>) {
    rounded_.reset(k_, n_);
    Index row = 0;
    for (const MatrixPart<T>& part : parts) {
      if (transpose) rounded_.set_columns(row, part.rows, part.data, part.row_step);
      else rounded_.set_rows(row, part.rows, part.data, part.row_step);
      row += part.rows;
    }
  }
}

template <class T>
PackedMatrix<T> PackedMatrix<T>::sharing() const {
  PackedMatrix same = *this;
  same.rounded_ = rounded_.sharing();
  return same;
}

template <class T>
void PackedMatrix<T>::multiply(Index m, const T* a, Index lda, bool accumulate, T* c, Index ldc) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_rounded_) return rounded_.multiply(m, a, lda, accumulate, c, ldc);
  }
  multiply_blocks(m, {a, lda, false}, accumulate, c, ldc);
}

template <class T>
void PackedMatrix<T>::pack_rows(const MatrixPart<T>& part, Index row) {
  const T* from = part.data;
  for (Index end = row + part.rows; row < end; ++row, from += part.row_step) {
    for (Index first = 0; first < n_; first += panel_) {
      const Index width = std::min(panel_, n_ - first);
      std::copy_n(from + first, width, data_.data() + first * k_ + row * width);
    }
  }
}

// Rows become columns; a part may begin and end inside a panel.
template <class T>
void PackedMatrix<T>::pack_transposed(const MatrixPart<T>& part, Index row) {
  const Index end = row + part.rows;
  const T* from = part.data;
  while (row < end) {
    const Index first = row / panel_ * panel_;
    const Index width = std::min(panel_, n_ - first);
    const Index count = std::min(end, first + width) - row;
    transpose(count, k_, from, part.row_step, data_.data() + first * k_ + (row - first), width);
    from += count * part.row_step;
    row += count;
  }
}

template <class T>
void PackedMatrix<T>::multiply_blocks(Index m, const Left& a, bool accumulate, T* c, Index ldc) {
  for (Index r = 0; r < m; r += block_rows) {
    const Index count = std::min(block_rows, m - r);
    for (Index first = 0; first < n_; first += panel_) {
      const Index width = std::min(panel_, n_ - first);
      SmallGemm<T>& kernel = kernels_[count < block_rows ? 1 : 0][width < panel_ ? 1 : 0];
      kernel.prepare({count, width, k_, a.step, width, ldc, a.transposed, accumulate});
      kernel.run(a.data + (a.transposed ? r : r * a.step), data_.data() + first * k_,
                 c + r * ldc + first);
    }
  }
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace carousel
