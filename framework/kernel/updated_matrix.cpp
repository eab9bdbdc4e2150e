#include "kernel/updated_matrix.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace carousel {
namespace {

template <class T>
void need(std::vector<T>& memory, Index elements) {
  if (memory.size() < static_cast<std::size_t>(elements)) {
    memory.resize(static_cast<std::size_t>(elements));
  }
}

// Rows of a matrix, as an operand.
template <class T>
TileArg<T> rows_of(const T* data, Index width) {
  return {data, 1, width};
}

// One row for all.
template <class T>
TileArg<T> row_for_all(const T* data) {
  return {data, 1, 0};
}

// A number for each row.
template <class T>
TileArg<T> number_a_row(const T* data) {
  return {data, 0, 1};
}

// The kernel of dot products takes eight rows as fast as one: so many are read, and not all used.
constexpr Index rows_at_once = 8;
Index whole_blocks(Index rows) { return (rows + rows_at_once - 1) / rows_at_once * rows_at_once; }

}  // namespace

template <class T>
UpdatedMatrix<T>::UpdatedMatrix()
    : mul_(tile_kernel<T>(Tile::mul)),
      mul_add_(tile_kernel<T>(Tile::mul_add)),
      dot_(tile_sum_kernel<T>(TileSum::dot)),
      dot_columns_(tile_sum_kernel<T>(TileSum::dot_columns)) {}

template <class T>
void UpdatedMatrix<T>::begin(const T* start, const UpdatedMatrixSizes& sizes, Along along) {
  start_ = start;
  sizes_ = sizes;
  along_ = along;
  by_u_.is_there = by_k_.is_there = false;
  const Index updates = sizes.steps * sizes.updates;
  need(u_, updates * sizes.rows);
  need(k_, updates * sizes.width);
  if (sizes.decays == Decays::none) return;
  need(decays_, sizes.steps * decay_width());
  need(totals_, (sizes.steps + 1) * decay_width());
  if (sizes.decays == Decays::numbers) return need(shares_, (sizes.steps + 1) * updates);
  const Index levels = sizes.updates * sizes.steps * (sizes.steps + 1) / 2;
  need(levels_, (levels + rows_at_once) * sizes.width);
}

template <class T>
void UpdatedMatrix<T>::multiply_by(const TileArg<T>& factor, Index rows, T* matrix) const {
  const Index width = sizes_.width;
  const std::array args{rows_of<T>(matrix, width), factor};
  mul_(args.data(), {matrix, width}, rows, width);
}

// Inner products with the k before a position become those with the decayed ones.
template <class T>
void UpdatedMatrix<T>::weigh(Index position, T* weights) const {
  if (sizes_.decays != Decays::numbers) return;
  const std::array args{TileArg<T>{weights, 1}, TileArg<T>{shares(position), 1}};
  mul_(args.data(), {weights}, 1, position * sizes_.updates);
}

template <class T>
void UpdatedMatrix<T>::multiply_by(Turned& turned, const std::vector<T>& vectors, Index length,
                                   const T* rows, Index count, T* out) {
  const Index all = sizes_.steps * sizes_.updates;
  if (count == 0 || all == 0) return;
  if (!turned.is_there) {
    need(turned.values, length * all);
    transpose(all, length, vectors.data(), length, turned.values.data(), all);
    turned.is_there = true;
  }
  turned.product.run({count, all, length, length, all, all, false, false}, rows,
                     turned.values.data(), out);
}

template <class T>
void UpdatedMatrix<T>::close() {
  if (sizes_.decays == Decays::none) return;
  const Index width = sizes_.width, updates = sizes_.updates, all = sizes_.steps * updates;
  std::fill_n(totals_.data(), decay_width(), T(1));
  for (Index p = 0; p < sizes_.steps; ++p) {
    const TileArg<T> decay = as_factor(decays_, p);
    const std::array total{decay_since(p), decay};
    mul_(total.data(), {at(totals_, p + 1, decay_width())}, 1, decay_width());
    if (sizes_.decays == Decays::numbers) {
      T* next = at(shares_, p + 1, all);
      const std::array older{TileArg<T>{shares(p), 1}, decay};
      mul_(older.data(), {next}, 1, p * updates);
      std::fill_n(next + p * updates, updates, T(1));
      continue;
    }
    T* next = const_cast<T*>(decayed(p + 1));
    const std::array older{rows_of(decayed(p), width), decay};
    mul_(older.data(), {next, width}, p * updates, width);
    std::copy_n(at(k_, p * updates, width), updates * width, next + p * updates * width);
  }
}

template <class T>
void UpdatedMatrix<T>::begin(RowReads& reads) const {
  need(reads.x, sizes_.steps * sizes_.width);
  need(reads.known, sizes_.steps * sizes_.rows);
  need(reads.weights, sizes_.steps * sizes_.steps * sizes_.updates + rows_at_once);
}

template <class T>
void UpdatedMatrix<T>::prepare(RowReads& reads) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows;
  const Index all = steps * sizes_.updates;
  const T* x = reads.x.data();
  const bool by_columns = sizes_.decays == Decays::columns;
  if (!by_columns) multiply_by_k(x, steps, reads.weights.data());
  for (Index step = 0; step < steps; ++step) {
    const Index p = position(step);
    T* weights = at(reads.weights, step, all);  // what stands behind them is the next step's
    weigh(p, weights);
    if (!by_columns) continue;
    const std::array args{rows_of(decayed(p), width), row_for_all(x + step * width)};
    dot_(args.data(), {weights, 1}, whole_blocks(p * sizes_.updates), width);
  }
  if (sizes_.decays != Decays::none) {
    need(scaled_, steps * width);
    for (Index step = 0; step < steps; ++step) {
      const std::array args{rows_of(x + step * width, width), decay_since(position(step))};
      mul_(args.data(), {at(scaled_, step, width), width}, 1, width);
    }
    x = scaled_.data();
  }
  // S X^T, since S lies by rows.
  need(turned_, steps * width);
  need(product_, steps * rows);
  transpose(steps, width, x, width, turned_.data(), steps);
  rows_.run({rows, steps, width, width, steps, steps, false, false}, start_, turned_.data(),
            product_.data());
  transpose(rows, steps, product_.data(), steps, reads.known.data(), rows);
}

template <class T>
void UpdatedMatrix<T>::read_rows(const RowReads& reads, Index step, T* y) const {
  const Index rows = sizes_.rows, count = position(step) * sizes_.updates;
  std::copy_n(at(reads.known, step, rows), rows, y);
  const T* weights = at(reads.weights, step, sizes_.steps * sizes_.updates);
  const std::array args{number_a_row(weights), rows_of(u_.data(), rows)};
  dot_columns_(args.data(), {y, rows}, count, rows);
}

template <class T>
void UpdatedMatrix<T>::multiply_columns(const T* y, T* z) {
  const Index width = sizes_.width, rows = sizes_.rows;
  columns_.run({sizes_.steps, width, rows, rows, width, width, false, false}, y, start_, z);
}

template <class T>
void UpdatedMatrix<T>::add_columns(const T* y, T* z) {
  const Index steps = sizes_.steps, width = sizes_.width, all = steps * sizes_.updates;
  need(weights_, steps * all);
  multiply_by_u(y, steps, weights_.data());
  for (Index step = 0; step < steps; ++step) {
    const Index p = position(step), count = p * sizes_.updates;
    T* out = z + step * width;
    if (sizes_.decays != Decays::none) multiply_by(decay_since(p), 1, out);
    T* weights = at(weights_, step, all);
    weigh(p, weights);
    const std::array args{number_a_row<T>(weights), rows_of(decayed(p), width)};
    dot_columns_(args.data(), {out, width}, count, width);
  }
}

// Of A the value is D A0 + sum of u k^T: B's u, A0^T u and the sums of k times their inner products
// with A's u decay together with A, so they are carried along as rows q of the width.
template <class T>
void UpdatedMatrix<T>::multiply_elements(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                                         std::span<const T* const> b_of_u, T* z) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows;
  const Index others = other.sizes_.updates;
  std::vector<T>& q = carried_;
  need(q, (steps * others + 1) * width);
  need(weights_, steps * sizes_.updates * steps * others);
  other.multiply_by_u(u_.data(), steps * sizes_.updates, weights_.data());
  for (Index step = 0; step < steps; ++step) {
    for (Index n = 0; n < others; ++n) {
      std::copy_n(a_of_u[static_cast<std::size_t>(n)] + step * width, width,
                  at(q, step * others + n, width));
    }
  }
  T* q0 = at(q, steps * others, width);
  std::fill_n(q0, width, T(0));
  const std::array whole{rows_of(start_, width), rows_of(other.start_, width)};
  dot_columns_(whole.data(), {q0, width}, rows, width);
  for (Index step = steps; step-- > 0;) {
    const Index p = position(step), count = step * others;
    T* out = z + step * width;
    std::copy_n(q0, width, out);
    if (other.sizes_.decays == Decays::columns) multiply_by(other.decay_since(step), 1, out);
    const std::array both{rows_of(other.decayed(step), width), rows_of<T>(q.data(), width)};
    dot_columns_(both.data(), {out, width}, count, width);
    if (step == 0) return;
    if (sizes_.decays == Decays::columns) {
      multiply_by(as_factor(decays_, p), count, q.data());
      multiply_by(as_factor(decays_, p), 1, q0);
    }
    for (Index n = 0; n < sizes_.updates; ++n) {
      const T* inner = at(weights_, p * sizes_.updates + n, steps * others);
      const T* added = k(step, n);
      const std::array add{number_a_row(inner), row_for_all(added), rows_of<T>(q.data(), width)};
      mul_add_(add.data(), {q.data(), width}, count, width);
      const T* of_first = b_of_u[static_cast<std::size_t>(n)] + step * width;
      const std::array add_first{row_for_all(of_first), row_for_all(added), row_for_all<T>(q0)};
      mul_add_(add_first.data(), {q0, width}, 1, width);
    }
  }
}

// sum of A B = sum of (a A0 + sum of p u k^T) (b B0 + sum of q v l^T), where a, p, b and q are
// numbers of a step: A0 times B0, v^T A0 l, u^T B0 k and (u v) (k l) are the same at all steps.
template <class T>
void UpdatedMatrix<T>::sum_products(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                                    std::span<const T* const> b_of_u, T* sums) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows;
  const Index own = steps * sizes_.updates, others = steps * other.sizes_.updates;
  need(carried_, own * others + others + own);
  need(weights_, std::max(rows, own * others));
  T *of_others = at(carried_, own, others), *of_own = of_others + others;
  const auto dot = [&](const TileArg<T>& a, const TileArg<T>& b, Index count, T* out) {
    const std::array args{a, b};
    dot_(args.data(), {out, 1}, count, width);
  };
  dot(rows_of(start_, width), rows_of(other.start_, width), rows, weights_.data());
  const T of_starts = std::accumulate(weights_.begin(), weights_.begin() + rows, T(0));
  other.multiply_by_u(u_.data(), own, carried_.data());
  other.multiply_by_k(k_.data(), own, weights_.data());
  const std::array both{TileArg<T>{carried_.data(), 1}, TileArg<T>{weights_.data(), 1}};
  mul_(both.data(), {carried_.data()}, 1, own * others);
  for (Index step = 0; step < steps; ++step) {
    const auto each = [&](UpdatedMatrix& m, std::span<const T* const> of_u, T* out) {
      for (Index n = 0; n < m.sizes_.updates; ++n) {
        dot(rows_of(of_u[static_cast<std::size_t>(n)] + step * width, width),
            rows_of<T>(m.k(step, n), width), 1, out + m.position(step) * m.sizes_.updates + n);
      }
    };
    each(*this, b_of_u, of_own);
    each(other, a_of_u, of_others);
  }
  for (Index step = 0; step < steps; ++step) {
    const Index p = position(step), before = p * sizes_.updates,
                after = step * other.sizes_.updates;
    const T a = totals_[static_cast<std::size_t>(p)],
            b = other.totals_[static_cast<std::size_t>(step)];
    T* w = weights_.data();  // a of_others + sum of p (u v) (k l)
    const std::array scaled{TileArg<T>{of_others, 1}, TileArg<T>{&a, 0}};
    mul_(scaled.data(), {w}, 1, after);
    const std::array pairs{number_a_row(shares(p)), rows_of<T>(carried_.data(), others)};
    dot_columns_(pairs.data(), {w}, before, after);
    sums[step] = a * b * of_starts + std::inner_product(w, w + after, other.shares(step), T(0)) +
                 b * std::inner_product(of_own, of_own + before, shares(p), T(0));
  }
}

template <class T>
void UpdatedMatrix<T>::end(T* out) {
  const Index width = sizes_.width, steps = sizes_.steps, updates = steps * sizes_.updates;
  constexpr Index block = 32;  // rows that stay in the first cache between the two
  const T* k = decayed(steps);
  if (sizes_.decays == Decays::numbers) {
    need(scaled_, updates * width);
    const std::array args{rows_of(k, width), number_a_row(shares(steps))};
    mul_(args.data(), {scaled_.data(), width}, updates, width);
    k = scaled_.data();
  }
  for (Index r = 0; r < sizes_.rows; r += block) {
    const Index rows = std::min(block, sizes_.rows - r);
    T* to = out + r * width;
    if (sizes_.decays != Decays::none) {
      const std::array args{rows_of(start_ + r * width, width), decay_since(steps)};
      mul_(args.data(), {to, width}, rows, width);
    } else if (out != start_) {
      std::copy_n(start_ + r * width, rows * width, to);
    }
    if (updates == 0) continue;
    end_.run({rows, width, updates, sizes_.rows, width, width, true, true}, u_.data() + r, k, to);
  }
}

template <class T>
void UpdatedMatrix<T>::advance(Index step, T* matrix) const {
  const Index rows = sizes_.rows, width = sizes_.width, p = position(step);
  if (sizes_.decays != Decays::none) multiply_by(as_factor(decays_, p), rows, matrix);
  for (Index n = p * sizes_.updates; n < (p + 1) * sizes_.updates; ++n) {
    const std::array args{number_a_row(at(u_, n, rows)), row_for_all(at(k_, n, width)),
                          rows_of<T>(matrix, width)};
    mul_add_(args.data(), {matrix, width}, rows, width);
  }
}

template <class T>
void UpdatedMatrix<T>::Product::run(SmallGemmSizes sizes, const T* a, const T* b, T* c) {
  constexpr Index block = 64;  // LIBXSMM is fastest up to so many
  const Index columns = sizes.n;
  sizes.n = block;
  if (columns >= block) whole.prepare(sizes);
  Index j = 0;
  for (; j + block <= columns; j += block) whole.run(a, b + j, c + j);
  if (j == columns) return;
  sizes.n = columns - j;
  rest.prepare(sizes);
  rest.run(a, b + j, c + j);
}

template class UpdatedMatrix<float>;
template class UpdatedMatrix<double>;

}  // namespace carousel
