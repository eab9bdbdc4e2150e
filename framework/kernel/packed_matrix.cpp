#include "kernel/packed_matrix.hpp"

#include <algorithm>

#include "kernel/panel_width.hpp"

namespace carousel {
namespace {

// Rows of A in one kernel call: the block of A stays in the caches while the panels pass.
constexpr Index block_rows = 64;

}  // namespace

template <class T>
void PackedMatrix<T>::pack(std::span<const Tensor<T>* const> parts, bool transpose) {
  const Index columns = parts[0]->shape()[1];
  Index rows = 0;
  for (const Tensor<T>* part : parts) rows += part->shape()[0];
  k_ = transpose ? columns : rows;
  n_ = transpose ? rows : columns;
  panel_ = panel_width(n_);
  if (data_.numel() != k_ * n_) data_ = Tensor<T>::uninitialised({k_ * n_});
  Index row = 0;  // of the stack
  for (const Tensor<T>* part : parts) {
    if (transpose) pack_transposed(*part, row);
    else pack_rows(*part, row);
    row += part->shape()[0];
  }
}

template <class T>
void PackedMatrix<T>::pack_rows(const Tensor<T>& part, Index row) {
  const T* from = part.data();
  for (Index end = row + part.shape()[0]; row < end; ++row, from += n_) {
    for (Index first = 0; first < n_; first += panel_) {
      const Index width = std::min(panel_, n_ - first);
      std::copy_n(from + first, width, data_.data() + first * k_ + row * width);
    }
  }
}

// Rows become columns; a part may begin and end inside a panel.
template <class T>
void PackedMatrix<T>::pack_transposed(const Tensor<T>& part, Index row) {
  const Index end = row + part.shape()[0];
  const T* from = part.data();
  while (row < end) {
    const Index first = row / panel_ * panel_;
    const Index width = std::min(panel_, n_ - first);
    const Index count = std::min(end, first + width) - row;
    transpose(count, k_, from, k_, data_.data() + first * k_ + (row - first), width);
    from += count * k_;
    row += count;
  }
}

template <class T>
void PackedMatrix<T>::multiply(Index m, const T* a, Index lda, bool accumulate, T* c, Index ldc) {
  for (Index r = 0; r < m; r += block_rows) {
    const Index count = std::min(block_rows, m - r);
    for (Index first = 0; first < n_; first += panel_) {
      const Index width = std::min(panel_, n_ - first);
      SmallGemm<T>& kernel = kernels_[count < block_rows ? 1 : 0][width < panel_ ? 1 : 0];
      kernel.prepare({count, width, k_, lda, width, ldc, false, accumulate});
      kernel.run(a + r * lda, data_.data() + first * k_, c + r * ldc + first);
    }
  }
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace carousel
