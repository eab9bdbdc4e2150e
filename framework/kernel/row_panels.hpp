#pragma once

#include <array>
#include <vector>

#include "kernel/pair_panels.hpp"
#include "kernel/small_gemm.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// Rows of a matrix, gathered in panels of columns for products over the rows. A gradient of
/// weights is such a product: the sum over all rows of a^T b.
template <class T>
class RowPanels {
 public:
  /// Rows that fit, a multiple of every depth that the products are cut into.
  static constexpr Index capacity = 1024;

  /// Memory for `capacity` rows of so many elements, none gathered yet.
  explicit RowPanels(Index columns);

  /// Elements of a row.
  Index columns() const { return columns_; }
  /// Rows gathered since the last clear().
  Index rows() const { return rows_; }
  /// Takes `count` more rows, as many as fit at most; row_step: elements from row to row.
  void append(const T* rows, Index row_step, Index count);
  /// Fills up with rows of zeros to the next depth for which the products are compiled.
  void pad();
  /// Forgets the rows and keeps the memory. rounding: of the rows that follow.
  void clear(Rounding rounding = Rounding::none);

 private:
  template <class U>
  friend class RowProduct;
  struct Panel {
    Index first, width;  // columns
  };
  const T* data(const Panel& panel) const { return data_.data() + panel.first * capacity; }

  Index columns_;
  std::vector<Panel> panels_;
  Index rows_ = 0;
  Tensor<T> data_;  // panel after panel, [capacity, width] each
  bool is_rounded_ = false;
  PairPanels rounded_;  // in the place of data_
};

/// c = a^T b, or c += a^T b, over the rows that are gathered; c: [columns of a, columns of b],
/// without gaps. a and b must hold the same number of rows, rounded alike.
template <class T>
class RowProduct {
 public:
  /// Computes the product; accumulate: adds it to c.
  void run(const RowPanels<T>& a, const RowPanels<T>& b, bool accumulate, T* c);

 private:
  // By whether the panel of a, that of b and the depth are whole, and by accumulation.
  std::array<SmallGemm<T>, 16> kernels_;
};

extern template class RowPanels<float>;
extern template class RowPanels<double>;
extern template class RowProduct<float>;
extern template class RowProduct<double>;

}  // namespace carousel
