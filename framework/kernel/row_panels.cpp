#include "kernel/row_panels.hpp"

#include <algorithm>

#include "kernel/panel_width.hpp"
#include "kernel/tile.hpp"

namespace carousel {
namespace {

// Rows in one kernel call: both panels stay in the second cache.
constexpr Index depth = 512;
// The last rows are filled up to a multiple of this, so that few kernels are compiled.
constexpr Index depth_step = 16;

}  // namespace

template <class T>
RowPanels<T>::RowPanels(Index columns) : columns_(columns) {
  const Index width = panel_width(columns);
  for (Index first = 0; first < columns; first += width) {
    panels_.push_back({first, std::min(width, columns - first)});
  }
}

template <class T>
void RowPanels<T>::clear(Rounding rounding) {
  rows_ = 0;
  is_rounded_ = rounds<T>(rounding);
  if (is_rounded_) rounded_.reset(capacity, columns_);
}

template <class T>
void RowPanels<T>::append(const T* rows, Index row_step, Index count) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_rounded_) {
      rounded_.set_rows(rows_, count, rows, row_step);
      rows_ += count;
      return;
    }
  }
  if (!data_.defined()) data_ = Tensor<T>::uninitialised({columns_ * capacity});
  static const TileKernel<T> copy = tile_kernel<T>(Tile::copy);
  for (const Panel& panel : panels_) {
    const TileArg<T> from{rows + panel.first, 1, row_step};
    T* to = data_.data() + panel.first * capacity + rows_ * panel.width;
    copy(&from, {to, panel.width}, count, panel.width);
  }
  rows_ += count;
}

template <class T>
void RowPanels<T>::pad() {
  if (is_rounded_) return;  // half a pair is followed by zeros
  const Index missing = (rows_ + depth_step - 1) / depth_step * depth_step - rows_;
  for (const Panel& panel : panels_) {
    T* end = data_.data() + panel.first * capacity + rows_ * panel.width;
    std::fill_n(end, missing * panel.width, T(0));
  }
  rows_ += missing;
}

template <class T>
void RowProduct<T>::run(const RowPanels<T>& a, const RowPanels<T>& b, bool accumulate, T* c) {
  if constexpr (std::is_same_v<T, float>) {
    if (a.is_rounded_) return multiply_rows(a.rounded_, b.rounded_, a.rows(), accumulate, c);
  }
  const Index ldc = b.columns();
  for (const auto& right : b.panels_) {
    for (const auto& left : a.panels_) {
      for (Index row = 0; row < a.rows(); row += depth) {
        const Index k = std::min(depth, a.rows() - row);
        const bool add = accumulate || row > 0;
        const int which = (left.width < a.panels_.front().width ? 1 : 0) +
                          (right.width < b.panels_.front().width ? 2 : 0) + (k < depth ? 4 : 0) +
                          (add ? 8 : 0);
        SmallGemm<T>& kernel = kernels_[static_cast<std::size_t>(which)];
        kernel.prepare({left.width, right.width, k, left.width, right.width, ldc, true, add});
        kernel.run(a.data(left) + row * left.width, b.data(right) + row * right.width,
                   c + left.first * ldc + right.first);
      }
    }
  }
}

template class RowPanels<float>;
template class RowPanels<double>;
template class RowProduct<float>;
template class RowProduct<double>;

}  // namespace carousel
