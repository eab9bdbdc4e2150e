#include "kernel/pair_panels.hpp"

#include <algorithm>

#include "kernel/panel_width.hpp"
#include "kernel/small_gemm.hpp"

namespace carousel {
namespace {

// Rows that are rounded at a time: all panels multiply them before the next ones.
constexpr Index block_rows = 64;
// Pairs of rows in one product over rows: both panels stay in the second cache.
constexpr Index depth = 256;

Index whole_vectors(Index n) {
  constexpr Index lanes = 16;
  return (n + lanes - 1) / lanes * lanes;
}

}  // namespace

Bf16Pair* PairPanels::Memory::reserve(Index pairs) {
  if (pairs > size) {
    storage = Storage::heap(static_cast<std::size_t>(pairs) * sizeof(Bf16Pair));
    size = pairs;
  }
  return data();
}

template <class F>
void PairPanels::for_each_panel(F f) const {
  const Index widest = panel_width(columns_);
  for (Index first = 0; first < columns_; first += widest) {
    const Index width = std::min(widest, columns_ - first);
    f(Panel{first, width, data_.data() + first * pairs_, whole_vectors(width)});
  }
}

void PairPanels::reset(Index rows, Index columns) {
  rows_ = rows;
  pairs_ = (rows + 1) / 2;
  columns_ = columns;
  // A vector between the rows: those a power of two apart would share few sets of the first cache.
  left_step_ = whole_vectors(pairs_ + 1);
  data_.reserve(pairs_ * whole_vectors(columns));
}

PairPanels PairPanels::sharing() const {
  PairPanels same = *this;
  same.left_ = {};
  return same;
}

void PairPanels::set_rows(Index first, Index count, const float* from, Index row_step) {
  const auto interleave = bf16_kernels().interleave;
  for_each_panel([&](const Panel& panel) {
    const float* row = from + panel.first;
    Bf16Pair* to = panel.data + first / 2 * panel.step;
    Index r = 0;
    if (first % 2 == 1 && count > 0) {
      interleave(panel.width, nullptr, row, to);
      row += row_step;
      to += panel.step;
      r = 1;
    }
    for (; r < count; r += 2, row += 2 * row_step, to += panel.step) {
      interleave(panel.width, row, r + 1 < count ? row + row_step : nullptr, to);
    }
  });
}

const Bf16Pair* PairPanels::round_rows(Index count, const float* from, Index row_step) {
  const auto round = bf16_kernels().round;
  Bf16Pair* rows = left_.reserve(block_rows * left_step_);
  for (Index r = 0; r < count; ++r) round(rows_, from + r * row_step, rows + r * left_step_);
  return rows;
}

void PairPanels::set_columns(Index first, Index count, const float* from, Index column_step) {
  for_each_panel([&](const Panel& panel) {
    const Index begin = std::max(first, panel.first);
    const Index end = std::min(first + count, panel.first + panel.width);
    if (begin >= end) return;
    const Bf16Pair* rows =
        round_rows(end - begin, from + (begin - first) * column_step, column_step);
    transpose(end - begin, pairs_, rows, left_step_, panel.data + (begin - panel.first),
              panel.step);
  });
}

void PairPanels::multiply(Index m, const float* a, Index lda, bool accumulate, float* c,
                          Index ldc) {
  const auto multiply_block = bf16_kernels().multiply;
  for (Index r = 0; r < m; r += block_rows) {
    const Index count = std::min(block_rows, m - r);
    const Bf16Pair* rows = round_rows(count, a + r * lda, lda);
    for_each_panel([&](const Panel& panel) {
      multiply_block({count, panel.width, pairs_, rows, left_step_, false, panel.data,
                      c + r * ldc + panel.first, ldc, accumulate});
    });
  }
}

void multiply_rows(const PairPanels& a, const PairPanels& b, Index rows, bool accumulate,
                   float* c) {
  const auto multiply_block = bf16_kernels().multiply;
  const Index pairs = (rows + 1) / 2;
  b.for_each_panel([&](const PairPanels::Panel& right) {
    a.for_each_panel([&](const PairPanels::Panel& left) {
      float* block = c + left.first * b.columns_ + right.first;
      for (Index p = 0; p < pairs; p += depth) {
        multiply_block({left.width, right.width, std::min(depth, pairs - p),
                        left.data + p * left.step, left.step, true, right.data + p * right.step,
                        block, b.columns_, accumulate || p > 0});
      }
    });
  });
}

}  // namespace carousel
