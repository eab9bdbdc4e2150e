#pragma once

#include <array>
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
  /// Whether all agree.
  friend bool operator==(const UpdatedMatrixSizes&, const UpdatedMatrixSizes&) = default;
};

/// Whether steps follow each other in time, or the other way, as for a gradient.
enum class Along { time, time_reversed };

/// A matrix through a few steps, each of which multiplies its columns and adds outer products:
///   S'[i][j] = d[j] S[i][j] + sum over n of u_n[i] k_n[j].
/// It is known by its value in front of the first step and by these vectors. No step makes the
/// matrix: what is read of it at all steps are products with the first value, and what the steps in
/// between added are inner products of their vectors (the form by chunks of linear attention: Yang
/// et al. 2024, arXiv:2312.06635, section 4). No decay is divided by, so none is too small: numbers
/// make a table of what each step has left of each other one; those by columns go from halves of
/// blocks of steps to the other halves, where what lies between has decayed them.
///
/// Steps are numbered by time, from 0, also where they are taken the other way; S at a step is the
/// value in front of it in the order in which they are taken. Vectors of all steps lie one behind
/// the other by time.
template <class T>
class UpdatedMatrix {
 public:
  /// Finds its kernels.
  UpdatedMatrix();

  /// A new matrix. start: [rows, width], in front of the step that is taken first; it must stay
  /// until end().
  void begin(const T* start, const UpdatedMatrixSizes& sizes, Along along);
  /// Where the vectors of an update will be, u: [steps, rows], k: [steps, width]. They stay there
  /// until end().
  void set_update(Index n, const T* u, const T* k) {
    updates_[static_cast<std::size_t>(n)] = {u, k};
  }
  /// Where d will be, [steps, width] or, of numbers, [steps].
  void set_decay(const T* decay) { decay_ = decay; }
  /// All d and k are there; u may come later, step by step.
  void close();
  /// Outer products a step.
  Index updates() const { return sizes_.updates; }

  /// Shares of each u in products with a vector each step: of each update, [steps, steps].
  using RowReads = std::vector<T>;
  /// y = S x at each step, but for what the steps so far have added. x: [steps, width],
  /// y: [steps, rows]
  void prepare(RowReads& reads, const T* x, T* y);
  /// Adds that at one step, once u of those taken before is there. y: [rows]
  void add_row(const RowReads& reads, Index step, T* y) const;
  /// The same at all steps, once all u are there.
  void add_rows(const RowReads& reads, T* y);

  /// z = S^T y for the S in front of all steps. y: [steps, rows], z: [steps, width]
  void multiply_columns(const T* y, T* z);
  /// z = S^T y at each step, once all u are there. z: what multiply_columns() gave
  void add_columns(const T* y, T* z);
  /// For two with decays by columns that are complete and go through the same steps, A (this one)
  /// against time and B with it: z[j] = sum over i of A[i][j] B[i][j] at each step. a_of_u: what
  /// A's multiply_columns() gives for B's u, in front of all steps, for each update of a step;
  /// b_of_u: B's for A's. z: [steps, width]
  void multiply_elements(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                         std::span<const T* const> b_of_u, T* z);
  /// The sums of these over j as well, for two with Decays::numbers. sums: [steps]
  void sum_products(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                    std::span<const T* const> b_of_u, T* sums);

  /// The matrix behind the steps, once all u are there. out: [rows, width]; it may be `start`.
  void end(T* out);
  /// matrix: S at a step; becomes S of the step behind it.
  void advance(Index step, T* matrix) const;

  static constexpr std::size_t most_updates = 8;  ///< outer products a step

 private:
  struct Update {
    const T *u = nullptr, *k = nullptr;
  };
  // c (+)= a b with b's columns in blocks that are fast.
  struct Product {
    SmallGemm<T> whole, rest;
    void run(SmallGemmSizes sizes, const T* a, const T* b, T* c);
  };
  // A vector of each step transposed, [length, steps], once it is asked for.
  struct Turned {
    std::vector<T> values;
    bool is_there = false;
  };
  // Steps that lie side by side.
  struct Steps {
    Index first, count;
  };

  static constexpr std::size_t index(Index i) { return static_cast<std::size_t>(i); }
  const Update& update(Index n) const { return updates_[index(n)]; }
  // What is left of each k in front of a step, or behind all: 0 of those that are not taken before.
  T* shares(Index step) { return shares_.data() + step * sizes_.steps; }
  const T* shares(Index step) const { return shares_.data() + step * sizes_.steps; }
  // f(half that is taken first, other half) of each block of 2 `half` steps that has both.
  template <class F>
  void for_each_block(Index half, F f) const;
  Index levels() const;
  // Of decays by columns: their product over the block of 2^level steps that a step is in.
  const T* product(Index level, Index step) const {
    if (level == 0) return decay_ + step * sizes_.width;
    return products_.data() + (level * sizes_.steps + (step >> level)) * sizes_.width;
  }
  // The k of an update from a step on, each decayed to the end of its block of 2^level steps.
  const T* decayed(Index level, Index n, Index step) const {
    if (level == 0) return update(n).k + step * sizes_.width;
    const Index first = (n * levels() + level - 1) * sizes_.steps;
    return decayed_.data() + (first + step) * sizes_.width;
  }
  void multiply(const T* factor, Index rows, T* matrix) const;
  void fill_shares(const T* decay);
  void decay_by_columns();
  void multiply_by(Turned& turned, const T* vectors, Index length, const T* rows, T* out);
  void weigh(T* weights) const;
  void multiply_rows(const T* x, T* y);
  const T* prepare_by_columns(const T* x, T* weights);
  void add_by_columns(const T* weights, T* z) const;
  void add_weighted(const T* numbers, Index step, const T* rows, Index count, T* out) const;

  TileKernel<T> mul_, mul_add_, dot_, dot_columns_;
  UpdatedMatrixSizes sizes_;
  Along along_ = Along::time;
  const T *start_ = nullptr, *decay_ = nullptr;
  std::array<Update, most_updates> updates_{};
  std::array<Turned, most_updates> u_turned_{}, k_turned_{};
  std::vector<T> shares_, left_;       // decays that are numbers; left of the start
  std::vector<T> products_, decayed_;  // decays by columns
  std::vector<T> scaled_, turned_, product_, weights_, carried_;  // at work
  Product rows_, columns_, end_, inner_, added_rows_, added_columns_;
};

extern template class UpdatedMatrix<float>;
extern template class UpdatedMatrix<double>;

}  // namespace carousel
