#pragma once

#include <span>
#include <vector>

#include "kernel/small_gemm.hpp"
#include "kernel/tile.hpp"

namespace carousel {

/// What a step multiplies a matrix by: nothing, a number, or a number for each column.
enum class Decays { none, numbers, columns };

/// Sizes of an UpdatedMatrix.
struct UpdatedMatrixSizes {
  Index rows = 0,                ///< of the matrix
      width = 0,                 ///< its columns
      steps = 0,                 ///< that are looked at
      updates = 0;               ///< outer products a step
  Decays decays = Decays::none;  ///< of each step
};

/// Whether steps follow each other in time, or the other way, as for a gradient.
enum class Along { time, time_reversed };

/// A matrix through a few steps, each of which multiplies its columns and adds outer products:
///   S'[i][j] = d[j] S[i][j] + sum over n of u_n[i] k_n[j].
/// It is known by its value in front of the first step and by these vectors. No step makes the
/// matrix: what is read of it at all steps are products with the first value, and what the steps in
/// between added is a triangle of inner products (the form by chunks of linear attention: Yang et
/// al. 2024, arXiv:2312.06635, section 4; without a division, so that no decay is too small).
///
/// Steps are numbered by time, from 0, also where they are taken the other way; S at a step is the
/// value in front of it in the order in which they are taken.
template <class T>
class UpdatedMatrix {
 public:
  /// Finds its kernels.
  UpdatedMatrix();

  /// A new matrix. start: [rows, width], in front of the step that is taken first; it must stay
  /// until end().
  void begin(const T* start, const UpdatedMatrixSizes& sizes, Along along);
  ///@{
  /// Where the caller writes d [width], or one number, u_n [rows] and k_n [width] of a step: d and
  /// k of all steps before close(), u when it is known.
  T* decay(Index step) { return at(decays_, position(step), decay_width()); }
  T* u(Index step, Index n) { return at(u_, position(step) * sizes_.updates + n, sizes_.rows); }
  T* k(Index step, Index n) { return at(k_, position(step) * sizes_.updates + n, sizes_.width); }
  ///@}
  /// All d and k are there.
  void close();

  /// Products with a vector each step, y = S x, [rows].
  struct RowReads {
    std::vector<T> x,  ///< [steps, width], by the caller
        known,         ///< [steps, rows]: what S in front of all steps gives
        weights;       ///< [steps, steps * updates]: of each u so far
  };
  /// Outer products a step.
  Index updates() const { return sizes_.updates; }

  /// Memory for x.
  void begin(RowReads& reads) const;
  /// After close(), once x is there for all steps: all that can be done in front of them.
  void prepare(RowReads& reads);
  /// y = S x at a step, once u of those taken before is there. y: [rows]
  void read_rows(const RowReads& reads, Index step, T* y) const;

  /// z = S^T y for the S in front of all steps. y: [steps, rows], z: [steps, width]
  void multiply_columns(const T* y, T* z);
  /// z = S^T y at each step, once all u are there. z: what multiply_columns() gave
  void add_columns(const T* y, T* z);
  /// For two that are complete and go through the same steps, A (this one) against time and B with
  /// it: z[j] = sum over i of A[i][j] B[i][j] at each step. a_of_u: what A's multiply_columns()
  /// gives for B's u, in front of all steps, for each update of a step; b_of_u: B's for A's. z:
  /// [steps, width]
  void multiply_elements(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                         std::span<const T* const> b_of_u, T* z);
  /// The sums of these over j as well, for two with Decays::numbers. sums: [steps]
  void sum_products(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                    std::span<const T* const> b_of_u, T* sums);

  /// The matrix behind the steps, once all u are there. out: [rows, width]; it may be `start`.
  void end(T* out);
  /// matrix: S at a step; becomes S of the step behind it.
  void advance(Index step, T* matrix) const;

 private:
  // c (+)= a b with b's columns in blocks that are fast.
  struct Product {
    SmallGemm<T> whole, rest;
    void run(SmallGemmSizes sizes, const T* a, const T* b, T* c);
  };
  // All u or k transposed, once they are asked for, and products with them.
  struct Turned {
    std::vector<T> values;
    bool is_there = false;
    Product product;
  };
  void multiply_by(Turned& turned, const std::vector<T>& vectors, Index length, const T* rows,
                   Index count, T* out);
  static T* at(std::vector<T>& all, Index row, Index width) { return all.data() + row * width; }
  static const T* at(const std::vector<T>& all, Index row, Index width) {
    return all.data() + row * width;
  }
  // The number of steps that are taken before.
  Index position(Index step) const {
    return along_ == Along::time ? step : sizes_.steps - 1 - step;
  }
  Index decay_width() const { return sizes_.decays == Decays::numbers ? 1 : sizes_.width; }
  // The k of all steps before a position: [position * updates, width]; decayed since by columns.
  const T* decayed(Index position) const {
    const bool by_columns = sizes_.decays == Decays::columns;
    const Index first = by_columns ? sizes_.updates * position * (position - 1) / 2 : 0;
    return at(by_columns ? levels_ : k_, first, sizes_.width);
  }
  // The product of all decays before a position, as the factor of a row.
  TileArg<T> decay_since(Index position) const { return as_factor(totals_, position); }
  TileArg<T> as_factor(const std::vector<T>& decays, Index position) const {
    return {at(decays, position, decay_width()), sizes_.decays == Decays::numbers ? 0 : 1, 0};
  }
  // By what numbers the k of all steps before a position have decayed since.
  const T* shares(Index position) const {
    return at(shares_, position, sizes_.steps * sizes_.updates);
  }
  void weigh(Index position, T* weights) const;
  // Rows times all u, or all k: [count, steps * updates].
  void multiply_by_u(const T* rows, Index count, T* out) {
    multiply_by(by_u_, u_, sizes_.rows, rows, count, out);
  }
  void multiply_by_k(const T* rows, Index count, T* out) {
    multiply_by(by_k_, k_, sizes_.width, rows, count, out);
  }
  void multiply_by(const TileArg<T>& factor, Index rows, T* matrix) const;

  TileKernel<T> mul_, mul_add_, dot_, dot_columns_;
  UpdatedMatrixSizes sizes_;
  Along along_ = Along::time;
  const T* start_ = nullptr;
  std::vector<T> decays_, totals_, u_, k_, levels_, shares_;
  Turned by_u_, by_k_;
  std::vector<T> scaled_, turned_, product_, weights_, carried_;  // at work
  Product rows_, columns_, end_;
};

extern template class UpdatedMatrix<float>;
extern template class UpdatedMatrix<double>;

}  // namespace carousel
