#include "kernel/updated_matrix.hpp"

#include <algorithm>
#include <array>

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

}  // namespace

template <class T>
UpdatedMatrix<T>::UpdatedMatrix()
    : copy_(tile_kernel<T>(Tile::copy)),
      mul_(tile_kernel<T>(Tile::mul)),
      mul_add_(tile_kernel<T>(Tile::mul_add)),
      dot_(tile_sum_kernel<T>(TileSum::dot)),
      dot_columns_(tile_sum_kernel<T>(TileSum::dot_columns)) {}

template <class T>
void UpdatedMatrix<T>::begin(const T* start, const UpdatedMatrixSizes& sizes, Along along) {
  start_ = start;
  sizes_ = sizes;
  along_ = along;
  const Index updates = sizes.steps * sizes.updates;
  need(u_, updates * sizes.rows);
  need(k_, updates * sizes.width);
  if (!sizes.decays) return;
  need(decays_, sizes.steps * sizes.width);
  need(totals_, (sizes.steps + 1) * sizes.width);
  need(levels_, sizes.updates * sizes.steps * (sizes.steps + 1) / 2 * sizes.width);
}

template <class T>
void UpdatedMatrix<T>::multiply_by(const T* factors, Index rows, T* matrix) const {
  const Index width = sizes_.width;
  const std::array args{rows_of<T>(matrix, width), row_for_all(factors)};
  mul_(args.data(), {matrix, width}, rows, width);
}

template <class T>
void UpdatedMatrix<T>::close() {
  if (!sizes_.decays) return;
  const Index width = sizes_.width, updates = sizes_.updates;
  std::fill_n(totals_.data(), width, T(1));
  for (Index p = 0; p < sizes_.steps; ++p) {
    const T* decay = at(decays_, p, width);
    const std::array total{rows_of(decay_since(p), width), row_for_all(decay)};
    mul_(total.data(), {at(totals_, p + 1, width), width}, 1, width);
    T* next = const_cast<T*>(decayed(p + 1));
    const std::array older{rows_of(decayed(p), width), row_for_all(decay)};
    mul_(older.data(), {next, width}, p * updates, width);
    std::copy_n(at(k_, p * updates, width), updates * width, next + p * updates * width);
  }
}

template <class T>
void UpdatedMatrix<T>::begin(RowReads& reads) const {
  need(reads.x, sizes_.steps * sizes_.width);
  need(reads.known, sizes_.steps * sizes_.rows);
  need(reads.weights, sizes_.steps * sizes_.steps * sizes_.updates);
}

template <class T>
void UpdatedMatrix<T>::prepare(RowReads& reads) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows;
  const Index all = steps * sizes_.updates;
  const T* x = reads.x.data();
  for (Index step = 0; step < steps; ++step) {
    const Index p = position(step);
    const std::array args{rows_of(decayed(p), width), row_for_all(x + step * width)};
    dot_(args.data(), {at(reads.weights, step, all), 1}, p * sizes_.updates, width);
  }
  if (sizes_.decays) {
    need(scaled_, steps * width);
    for (Index step = 0; step < steps; ++step) {
      const std::array args{rows_of(x + step * width, width),
                            row_for_all(decay_since(position(step)))};
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
void UpdatedMatrix<T>::read_columns(const T* y, T* z) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows;
  columns_.run({steps, width, rows, rows, width, width, false, false}, y, start_, z);
  need(weights_, steps * sizes_.updates);
  for (Index step = 0; step < steps; ++step) {
    const Index p = position(step), count = p * sizes_.updates;
    T* out = z + step * width;
    if (sizes_.decays) multiply_by(decay_since(p), 1, out);
    const std::array inner{rows_of<T>(u_.data(), rows), row_for_all(y + step * rows)};
    dot_(inner.data(), {weights_.data(), 1}, count, rows);
    const std::array args{number_a_row<T>(weights_.data()), rows_of(decayed(p), width)};
    dot_columns_(args.data(), {out, width}, count, width);
  }
}

// Of A the value is D A0 + sum of u k^T: B's u, A0^T u and the sums of k times their inner products
// with A's u decay together with A, so they are carried along as rows q of the width.
template <class T>
void UpdatedMatrix<T>::multiply_columns(UpdatedMatrix& other, T* z) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows;
  const Index own = steps * sizes_.updates, others = steps * other.sizes_.updates;
  std::vector<T>&q = scaled_, &h = product_;
  need(q, (others + 1) * width);
  need(h, own * width);
  need(weights_, others + 1);
  T* q0 = at(q, others, width);
  std::fill_n(q0, width, T(0));
  const std::array whole{rows_of(start_, width), rows_of(other.start_, width)};
  dot_columns_(whole.data(), {q0, width}, rows, width);
  columns_.run({others, width, rows, rows, width, width, false, false}, other.u_.data(), start_,
               q.data());
  columns_.run({own, width, rows, rows, width, width, false, false}, u_.data(), other.start_,
               h.data());
  for (Index step = steps; step-- > 0;) {
    const Index p = position(step), count = step * other.sizes_.updates;
    T* out = z + step * width;
    std::copy_n(q0, width, out);
    if (other.sizes_.decays) multiply_by(other.decay_since(step), 1, out);
    const std::array both{rows_of(other.decayed(step), width), rows_of<T>(q.data(), width)};
    dot_columns_(both.data(), {out, width}, count, width);
    if (step == 0) return;
    if (sizes_.decays) {
      multiply_by(at(decays_, p, width), count, q.data());
      multiply_by(at(decays_, p, width), 1, q0);
    }
    for (Index n = p * sizes_.updates; n < (p + 1) * sizes_.updates; ++n) {
      const std::array inner{rows_of<T>(other.u_.data(), rows), row_for_all<T>(at(u_, n, rows))};
      dot_(inner.data(), {weights_.data(), 1}, count, rows);
      const T* k = at(k_, n, width);
      const std::array add{number_a_row<T>(weights_.data()), row_for_all(k),
                           rows_of<T>(q.data(), width)};
      mul_add_(add.data(), {q.data(), width}, count, width);
      const std::array add_first{row_for_all<T>(at(h, n, width)), row_for_all(k),
                                 row_for_all<T>(q0)};
      mul_add_(add_first.data(), {q0, width}, 1, width);
    }
  }
}

template <class T>
void UpdatedMatrix<T>::end(T* out) {
  const Index rows = sizes_.rows, width = sizes_.width, steps = sizes_.steps;
  if (sizes_.decays) {
    const std::array args{rows_of(start_, width), row_for_all(decay_since(steps))};
    mul_(args.data(), {out, width}, rows, width);
  } else if (out != start_) {
    std::copy_n(start_, rows * width, out);
  }
  if (sizes_.updates == 0) return;
  end_.run({rows, width, steps * sizes_.updates, rows, width, width, true, true}, u_.data(),
           decayed(steps), out);
}

template <class T>
void UpdatedMatrix<T>::advance(Index step, T* matrix) const {
  const Index rows = sizes_.rows, width = sizes_.width, p = position(step);
  if (sizes_.decays) multiply_by(at(decays_, p, width), rows, matrix);
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
