#include "kernel/packed_matrix.hpp"

#include <algorithm>
#include <type_traits>

#include "kernel/gemm.hpp"

#if defined(CAROUSEL_LIBXSMM)
#include <libxsmm.h>
#endif

namespace carousel {
namespace {

// Rows of A in one kernel call: the block of A stays in the caches while the panels pass.
constexpr Index block_rows = 64;

// A panel is at most 64 columns wide, and the panels are as equal as whole vectors allow.
Index panel_width(Index n) {
  constexpr Index widest = 64, vector = 16;
  const Index panels = (n + widest - 1) / widest;
  const Index even = (n + panels - 1) / panels;
  return (even + vector - 1) / vector * vector;
}

// c (+)= a * panel, panel: [k, n] without gaps.
template <class T>
void multiply_panel(Index m, Index n, Index k, const T* a, Index lda, const T* panel,
                    bool accumulate, T* c, Index ldc) {
#if defined(CAROUSEL_LIBXSMM)
  // LIBXSMM counts columns first: its product is the transposed one.
  const auto size = [](Index i) { return static_cast<int>(i); };
  const int panel_step = size(n), a_step = size(lda), c_step = size(ldc);
  const T one = T(1), beta = accumulate ? T(1) : T(0);
  if constexpr (std::is_same_v<T, float>) {
    const auto kernel = libxsmm_smmdispatch(size(n), size(m), size(k), &panel_step, &a_step,
                                            &c_step, &one, &beta, nullptr, nullptr);
    if (kernel) return kernel(panel, a, c);
  } else {
    const auto kernel = libxsmm_dmmdispatch(size(n), size(m), size(k), &panel_step, &a_step,
                                            &c_step, &one, &beta, nullptr, nullptr);
    if (kernel) return kernel(panel, a, c);
  }
#endif
  gemm<T>(false, false, m, n, k, a, lda, panel, n, accumulate ? T(1) : T(0), c, ldc);
}

}  // namespace

template <class T>
PackedMatrix<T>::PackedMatrix(const std::vector<const Tensor<T>*>& parts, bool transpose) {
  const Index columns = parts.at(0)->shape()[1];
  Index rows = 0;
  for (const Tensor<T>* part : parts) rows += part->shape()[0];
  k_ = transpose ? columns : rows;
  n_ = transpose ? rows : columns;
  panel_ = panel_width(n_);
  data_ = Tensor<T>::uninitialised({k_ * n_});
  Index row = 0;  // of the stack
  for (const Tensor<T>* part : parts) {
    for (Index r = 0; r < part->shape()[0]; ++r, ++row) {
      const T* from = part->data() + r * columns;
      if (transpose) {  // the row becomes a column
        const Index first = row / panel_ * panel_;
        const Index width = std::min(panel_, n_ - first);
        T* to = data_.data() + first * k_ + (row - first);
        for (Index i = 0; i < columns; ++i) to[i * width] = from[i];
      } else {
        for (Index first = 0; first < n_; first += panel_) {
          const Index width = std::min(panel_, n_ - first);
          std::copy_n(from + first, width, data_.data() + first * k_ + row * width);
        }
      }
    }
  }
}

template <class T>
void PackedMatrix<T>::multiply(Index m, const T* a, Index lda, bool accumulate, T* c,
                               Index ldc) const {
  for (Index r = 0; r < m; r += block_rows) {
    const Index count = std::min(block_rows, m - r);
    for (Index first = 0; first < n_; first += panel_) {
      multiply_panel(count, std::min(panel_, n_ - first), k_, a + r * lda, lda,
                     data_.data() + first * k_, accumulate, c + r * ldc + first, ldc);
    }
  }
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace carousel
