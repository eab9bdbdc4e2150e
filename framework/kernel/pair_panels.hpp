#pragma once

#include "kernel/bf16.hpp"
#include "tensor/arena.hpp"

namespace carousel {

/// A matrix in bf16, in panels of columns, its rows in pairs: the right side of products, and the
/// left side of products over the rows. Numbers are rounded where they are set. One thread uses it
/// at a time. Where !has_bf16() it must stay empty.
class PairPanels {
 public:
  /// A matrix of this size, whose numbers are to be set. Memory that suffices is used again.
  void reset(Index rows, Index columns);
  /// Sets rows from `first` on; row_step: elements from row to row. An odd row must come after the
  /// one in front of it; an even one is followed by zeros until the next is set.
  void set_rows(Index first, Index count, const float* from, Index row_step);
  /// Sets whole columns from `first` on; column_step: elements from column to column.
  void set_columns(Index first, Index count, const float* from, Index column_step);

  /// The same matrix in the same memory, for another thread. This one must not be set meanwhile.
  PairPanels sharing() const;

  /// c = a * matrix, or c += a * matrix. a: [m, rows] with lda elements from row to row, rounded
  /// here; c: [m, columns] with ldc.
  void multiply(Index m, const float* a, Index lda, bool accumulate, float* c, Index ldc);

  /// c = a^T b, or c += a^T b, over their first `rows` rows; c: [columns of a, columns of b],
  /// without gaps.
  friend void multiply_rows(const PairPanels& a, const PairPanels& b, Index rows, bool accumulate,
                            float* c);

 private:
  // Memory that grows when more is asked for; what was there is lost then.
  struct Memory {
    Storage storage;
    Index size = 0;
    Bf16Pair* reserve(Index pairs);
    Bf16Pair* data() const { return static_cast<Bf16Pair*>(storage.data()); }
  };
  struct Panel {
    Index first, width;  // columns
    Bf16Pair* data;      // [pairs, step]
    Index step;          // pairs of numbers in a pair of rows, whole vectors
  };
  // f(panel) for each.
  template <class F>
  void for_each_panel(F f) const;
  const Bf16Pair* round_rows(Index count, const float* from, Index row_step);

  Index rows_ = 0, pairs_ = 0, columns_ = 0, left_step_ = 0;
  Memory data_,  // panel after panel
      left_;     // some rows of a left side, or of columns
};

}  // namespace carousel
