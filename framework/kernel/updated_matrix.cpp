#include "kernel/updated_matrix.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace carousel {
namespace {

template <class T>
T* need(std::vector<T>& memory, Index elements) {
  if (memory.size() < static_cast<std::size_t>(elements)) {
    memory.resize(static_cast<std::size_t>(elements));
  }
  return memory.data();
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
TileArg<T> number_a_row(const T* data, Index step = 1) {
  return {data, 0, step};
}

}  // namespace

template <class T>
UpdatedMatrix<T>::UpdatedMatrix()
    : mul_(tile_kernel<T>(Tile::mul)),
      mul_add_(tile_kernel<T>(Tile::mul_add)),
      dot_(tile_sum_kernel<T>(TileSum::dot)),
      dot_columns_(tile_sum_kernel<T>(TileSum::dot_columns)) {}

template <class T>
void UpdatedMatrix<T>::begin(const T* start, const UpdatedMatrixSizes& sizes, Along along) {
  const bool is_new = !(sizes == sizes_) || along != along_;
  start_ = start;
  sizes_ = sizes;
  along_ = along;
  for (Turned& turned : u_turned_) turned.is_there = false;
  for (Turned& turned : k_turned_) turned.is_there = false;
  if (is_new && sizes.decays == Decays::none) fill_shares(nullptr);
}

template <class T>
template <class F>
void UpdatedMatrix<T>::for_each_block(Index half, F f) const {
  for (Index first = 0; first + half < sizes_.steps; first += 2 * half) {
    const Steps early{first, half}, late{first + half, std::min(half, sizes_.steps - first - half)};
    if (along_ == Along::time) f(early, late);
    else f(late, early);
  }
}

// So many times halves become whole blocks until one holds all steps.
template <class T>
Index UpdatedMatrix<T>::levels() const {
  Index count = 0;
  while ((Index{1} << count) < sizes_.steps) ++count;
  return count;
}

template <class T>
void UpdatedMatrix<T>::multiply(const T* factor, Index rows, T* matrix) const {
  const Index width = sizes_.width;
  const std::array args{rows_of<T>(matrix, width), row_for_all(factor)};
  mul_(args.data(), {matrix, width}, rows, width);
}

template <class T>
void UpdatedMatrix<T>::close() {
  if (sizes_.decays == Decays::numbers) fill_shares(decay_);
  if (sizes_.decays == Decays::columns) decay_by_columns();
}

// decay: of each step; null: none.
template <class T>
void UpdatedMatrix<T>::fill_shares(const T* decay) {
  const Index steps = sizes_.steps;
  need(shares_, (steps + 1) * steps);
  need(left_, steps + 1);
  const auto nth = [&](Index taken) {  // the end is behind all steps, whatever their order
    return along_ == Along::time || taken == steps ? taken : steps - 1 - taken;
  };
  T left = T(1);
  std::fill_n(shares(nth(0)), steps, T(0));
  for (Index taken = 0; taken < steps; ++taken) {
    const Index step = nth(taken);
    const T factor = decay ? decay[step] : T(1);
    const T* from = shares(step);
    T* to = shares(nth(taken + 1));
    for (Index s = 0; s < steps; ++s) to[s] = from[s] * factor;
    to[step] = T(1);
    left_[index(step)] = left;
    left *= factor;
  }
  left_[index(steps)] = left;
}

template <class T>
void UpdatedMatrix<T>::decay_by_columns() {
  const Index steps = sizes_.steps, width = sizes_.width, all = levels();
  need(products_, (all + 1) * steps * width);
  need(decayed_, sizes_.updates * all * steps * width);
  for (Index level = 0; level < all; ++level) {
    const Index half = Index{1} << level;
    for (Index step = 0; step < steps; step += 2 * half) {
      T* both = products_.data() + ((level + 1) * steps + (step >> (level + 1))) * width;
      std::copy_n(product(level, step), width, both);
      if (step + half < steps) multiply(product(level, step + half), 1, both);
    }
    for (Index n = 0; n < sizes_.updates; ++n) {
      T* next = decayed_.data() + (n * all + level) * steps * width;
      std::copy_n(decayed(level, n, 0), steps * width, next);
      for_each_block(half, [&](Steps earlier, Steps later) {
        multiply(product(level, later.first), earlier.count, next + earlier.first * width);
      });
    }
  }
}

// Inner products of rows: [steps, length] with the vectors of all steps: [steps, steps].
template <class T>
void UpdatedMatrix<T>::multiply_by(Turned& turned, const T* vectors, Index length, const T* rows,
                                   T* out) {
  const Index steps = sizes_.steps;
  if (!turned.is_there) {
    need(turned.values, length * steps);
    transpose(steps, length, vectors, length, turned.values.data(), steps);
    turned.is_there = true;
  }
  inner_.run({steps, steps, length, length, steps, steps, false, false}, rows, turned.values.data(),
             out);
}

template <class T>
void UpdatedMatrix<T>::weigh(T* weights) const {
  const std::array args{TileArg<T>{weights, 1}, TileArg<T>{shares_.data(), 1}};
  mul_(args.data(), {weights}, 1, sizes_.steps * sizes_.steps);
}

template <class T>
const T* UpdatedMatrix<T>::prepare_by_columns(const T* x, T* weights) {
  const Index steps = sizes_.steps, width = sizes_.width;
  T* scaled = need(scaled_, steps * width);
  std::copy_n(x, steps * width, scaled);
  std::fill_n(weights, sizes_.updates * steps * steps, T(0));
  for (Index level = 0; level < levels(); ++level) {
    for_each_block(Index{1} << level, [&](Steps earlier, Steps later) {
      for (Index n = 0; n < sizes_.updates; ++n) {
        for (Index step = later.first; step < later.first + later.count; ++step) {
          const std::array args{rows_of(decayed(level, n, earlier.first), width),
                                row_for_all<T>(scaled + step * width)};
          dot_(args.data(), {weights + (n * steps + step) * steps + earlier.first, 1},
               earlier.count, width);
        }
      }
      multiply(product(level, earlier.first), later.count, scaled + later.first * width);
    });
  }
  return scaled;
}

template <class T>
void UpdatedMatrix<T>::prepare(RowReads& reads, const T* x, T* y) {
  const Index steps = sizes_.steps, width = sizes_.width;
  T* weights = need(reads, sizes_.updates * steps * steps);
  if (sizes_.decays == Decays::columns) {
    x = prepare_by_columns(x, weights);
  } else {
    for (Index n = 0; n < sizes_.updates; ++n) {
      T* of_update = weights + n * steps * steps;
      multiply_by(k_turned_[index(n)], update(n).k, width, x, of_update);
      weigh(of_update);
    }
  }
  if (sizes_.decays == Decays::numbers) {
    const std::array args{rows_of(x, width), number_a_row<T>(left_.data())};
    mul_(args.data(), {need(scaled_, steps * width), width}, steps, width);
    x = scaled_.data();
  }
  multiply_rows(x, y);
}

// S X^T, since S lies by rows: as many steps as fill a vector, or one by one what is left over.
template <class T>
void UpdatedMatrix<T>::multiply_rows(const T* x, T* y) {
  const Index width = sizes_.width, rows = sizes_.rows;
  constexpr Index lanes = 16, few = 8;
  const Index over = sizes_.steps % lanes, steps = sizes_.steps - (over <= few ? over : 0);
  if (steps > 0) {
    T *turned = need(turned_, steps * width), *product = need(product_, steps * rows);
    transpose(steps, width, x, width, turned, steps);
    rows_.run({rows, steps, width, width, steps, steps, false, false}, start_, turned, product);
    transpose(rows, steps, product, steps, y, rows);
  }
  for (Index step = steps; step < sizes_.steps; ++step) {
    const std::array args{rows_of(start_, width), row_for_all(x + step * width)};
    dot_(args.data(), {y + step * rows, 1}, rows, width);
  }
}

template <class T>
void UpdatedMatrix<T>::add_row(const RowReads& reads, Index step, T* y) const {
  const Index rows = sizes_.rows, steps = sizes_.steps;
  const Index first = along_ == Along::time ? 0 : step + 1;
  const Index count = along_ == Along::time ? step : steps - 1 - step;
  for (Index n = 0; n < sizes_.updates; ++n) {
    const T* weights = reads.data() + (n * steps + step) * steps + first;
    const std::array args{number_a_row(weights), rows_of(update(n).u + first * rows, rows)};
    dot_columns_(args.data(), {y, rows}, count, rows);
  }
}

template <class T>
void UpdatedMatrix<T>::add_rows(const RowReads& reads, T* y) {
  const Index rows = sizes_.rows, steps = sizes_.steps;
  for (Index n = 0; n < sizes_.updates; ++n) {
    added_rows_.run({steps, rows, steps, steps, rows, rows, false, true},
                    reads.data() + n * steps * steps, update(n).u, y);
  }
}

template <class T>
void UpdatedMatrix<T>::multiply_columns(const T* y, T* z) {
  const Index width = sizes_.width, rows = sizes_.rows;
  columns_.run({sizes_.steps, width, rows, rows, width, width, false, false}, y, start_, z);
}

template <class T>
void UpdatedMatrix<T>::add_columns(const T* y, T* z) {
  const Index steps = sizes_.steps, width = sizes_.width;
  T* weights = need(weights_, sizes_.updates * steps * steps);
  for (Index n = 0; n < sizes_.updates; ++n) {
    multiply_by(u_turned_[index(n)], update(n).u, sizes_.rows, y, weights + n * steps * steps);
  }
  if (sizes_.decays == Decays::columns) return add_by_columns(weights, z);
  if (sizes_.decays == Decays::numbers) {
    const std::array args{rows_of<T>(z, width), number_a_row<T>(left_.data())};
    mul_(args.data(), {z, width}, steps, width);
  }
  for (Index n = 0; n < sizes_.updates; ++n, weights += steps * steps) {
    weigh(weights);
    added_columns_.run({steps, width, steps, steps, width, width, false, true}, weights,
                       update(n).k, z);
  }
}

// From the largest halves to single steps: what the earlier half added to the later one decays with
// the rest.
template <class T>
void UpdatedMatrix<T>::add_by_columns(const T* weights, T* z) const {
  const Index steps = sizes_.steps, width = sizes_.width;
  for (Index level = levels(); level-- > 0;) {
    for_each_block(Index{1} << level, [&](Steps earlier, Steps later) {
      multiply(product(level, earlier.first), later.count, z + later.first * width);
      for (Index n = 0; n < sizes_.updates; ++n) {
        for (Index step = later.first; step < later.first + later.count; ++step) {
          add_weighted(weights + (n * steps + step) * steps + earlier.first, 1,
                       decayed(level, n, earlier.first), earlier.count, z + step * width);
        }
      }
    });
  }
}

// Rows times a number each, summed.
template <class T>
void UpdatedMatrix<T>::add_weighted(const T* numbers, Index step, const T* rows, Index count,
                                    T* out) const {
  const std::array args{number_a_row(numbers, step), rows_of(rows, sizes_.width)};
  dot_columns_(args.data(), {out, sizes_.width}, count, sizes_.width);
}

// A block of steps knows the product e of A behind it and B in front of it, A^T v and B^T u. What
// the other half adds to A gives those of the earlier half in time, what it adds to B those of the
// later one.
template <class T>
void UpdatedMatrix<T>::multiply_elements(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                                         std::span<const T* const> b_of_u, T* z) {
  const Index steps = sizes_.steps, width = sizes_.width, all = steps * width;
  const Index own = sizes_.updates, others = other.sizes_.updates, pairs = steps * steps;
  T* inner = need(weights_, own * others * pairs);
  T* of_own = need(carried_, (own + others) * all);
  T* of_others = of_own + own * all;
  for (Index n = 0; n < own; ++n) {
    std::copy_n(b_of_u[index(n)], all, of_own + n * all);
    for (Index m = 0; m < others; ++m) {
      other.multiply_by(other.u_turned_[index(m)], other.update(m).u, sizes_.rows, update(n).u,
                        inner + (n * others + m) * pairs);
    }
  }
  for (Index m = 0; m < others; ++m) std::copy_n(a_of_u[index(m)], all, of_others + m * all);
  const auto add_products = [&](const T* a, const T* b, Index count, T* out) {
    const std::array args{rows_of(a, width), rows_of(b, width)};
    dot_columns_(args.data(), {out, width}, count, width);
  };
  std::fill_n(z, width, T(0));
  add_products(start_, other.start_, sizes_.rows, z);
  for (Index level = levels(); level-- > 0;) {
    other.for_each_block(Index{1} << level, [&](Steps early, Steps late) {
      T *before = z + early.first * width, *behind = z + late.first * width;
      std::copy_n(before, width, behind);
      multiply(other.product(level, early.first), 1, behind);
      multiply(product(level, late.first), 1, before);
      for (Index m = 0; m < others; ++m) {
        add_products(other.decayed(level, m, early.first),
                     of_others + m * all + early.first * width, early.count, behind);
      }
      for (Index n = 0; n < own; ++n) {
        add_products(decayed(level, n, late.first), of_own + n * all + late.first * width,
                     late.count, before);
      }
      if (level == 0) return;
      for (Index m = 0; m < others; ++m) {
        multiply(product(level, late.first), early.count,
                 of_others + m * all + early.first * width);
      }
      for (Index n = 0; n < own; ++n) {
        multiply(other.product(level, early.first), late.count,
                 of_own + n * all + late.first * width);
      }
      for (Index n = 0; n < own; ++n) {
        for (Index m = 0; m < others; ++m) {
          const T* pair = inner + (n * others + m) * pairs;
          for (Index s = early.first; s < early.first + early.count; ++s) {
            add_weighted(pair + late.first * steps + s, steps, decayed(level, n, late.first),
                         late.count, of_others + m * all + s * width);
          }
          for (Index r = late.first; r < late.first + late.count; ++r) {
            add_weighted(pair + r * steps + early.first, 1, other.decayed(level, m, early.first),
                         early.count, of_own + n * all + r * width);
          }
        }
      }
    });
  }
}

// sum of A B = sum of (a A0 + sum of p u k^T) (b B0 + sum of q v l^T), where a, p, b and q are
// numbers of a step: A0 times B0, v^T A0 l, u^T B0 k and (u v) (k l) are the same at all steps.
template <class T>
void UpdatedMatrix<T>::sum_products(UpdatedMatrix& other, std::span<const T* const> a_of_u,
                                    std::span<const T* const> b_of_u, T* sums) {
  const Index steps = sizes_.steps, width = sizes_.width, rows = sizes_.rows, all = steps * steps;
  need(weights_, std::max(rows, 2 * all));
  T* pairs = need(carried_, 2 * all + 3 * steps);  // (u v) (k l) of all updates
  T *weighed = pairs + all, *of_others = weighed + all, *of_own = of_others + steps;
  T* one = of_own + steps;
  const auto dot = [&](const T* a, const T* b, Index count, T* out) {
    const std::array args{rows_of(a, width), rows_of(b, width)};
    dot_(args.data(), {out, 1}, count, width);
  };
  dot(start_, other.start_, rows, weights_.data());
  const T of_starts = std::accumulate(weights_.begin(), weights_.begin() + rows, T(0));
  std::fill_n(pairs, all, T(0));
  for (Index n = 0; n < sizes_.updates; ++n) {
    for (Index m = 0; m < other.sizes_.updates; ++m) {
      T *u_v = weights_.data(), *k_l = u_v + all;
      other.multiply_by(other.u_turned_[index(m)], other.update(m).u, rows, update(n).u, u_v);
      other.multiply_by(other.k_turned_[index(m)], other.update(m).k, width, update(n).k, k_l);
      const std::array args{TileArg<T>{u_v, 1}, TileArg<T>{k_l, 1}, TileArg<T>{pairs, 1}};
      mul_add_(args.data(), {pairs}, 1, all);
    }
  }
  const auto sum_own = [&](const UpdatedMatrix& m, std::span<const T* const> of_u, T* out) {
    std::fill_n(out, steps, T(0));
    for (Index n = 0; n < m.sizes_.updates; ++n) {
      dot(of_u[index(n)], m.update(n).k, steps, one);
      std::transform(out, out + steps, one, out, std::plus<T>());
    }
  };
  sum_own(*this, b_of_u, of_own);
  sum_own(other, a_of_u, of_others);
  inner_.run({steps, steps, steps, steps, steps, steps, false, false}, shares(0), pairs, weighed);
  for (Index step = 0; step < steps; ++step) {
    const T a = left_[index(step)], b = other.left_[index(step)];
    const T *p = shares(step), *q = other.shares(step), *w = weighed + step * steps;
    T sum = a * b * of_starts;
    for (Index s = 0; s < steps; ++s)
      sum += q[s] * (a * of_others[s] + w[s]) + b * p[s] * of_own[s];
    sums[step] = sum;
  }
}

template <class T>
void UpdatedMatrix<T>::end(T* out) {
  const Index width = sizes_.width, steps = sizes_.steps;
  constexpr Index block = 32;  // rows that stay in the first cache between the two
  std::array<const T*, most_updates> k{};
  if (sizes_.decays == Decays::numbers) need(scaled_, sizes_.updates * steps * width);
  for (Index n = 0; n < sizes_.updates; ++n) {
    k[index(n)] = sizes_.decays == Decays::columns ? decayed(levels(), n, 0) : update(n).k;
    if (sizes_.decays != Decays::numbers) continue;
    T* scaled = scaled_.data() + n * steps * width;
    const std::array args{rows_of(update(n).k, width), number_a_row<T>(shares(steps))};
    mul_(args.data(), {scaled, width}, steps, width);
    k[index(n)] = scaled;
  }
  const TileArg<T> decay = sizes_.decays == Decays::columns ? row_for_all(product(levels(), 0))
                                                            : number_a_row(&left_[index(steps)], 0);
  for (Index r = 0; r < sizes_.rows; r += block) {
    const Index rows = std::min(block, sizes_.rows - r);
    T* to = out + r * width;
    if (sizes_.decays != Decays::none) {
      const std::array args{rows_of(start_ + r * width, width), decay};
      mul_(args.data(), {to, width}, rows, width);
    } else if (out != start_) {
      std::copy_n(start_ + r * width, rows * width, to);
    }
    for (Index n = 0; n < sizes_.updates; ++n) {
      end_.run({rows, width, steps, sizes_.rows, width, width, true, true}, update(n).u + r,
               k[index(n)], to);
    }
  }
}

template <class T>
void UpdatedMatrix<T>::advance(Index step, T* matrix) const {
  const Index rows = sizes_.rows, width = sizes_.width;
  if (sizes_.decays == Decays::columns) multiply(decay_ + step * width, rows, matrix);
  if (sizes_.decays == Decays::numbers) {
    const std::array args{TileArg<T>{matrix, 1}, number_a_row(decay_ + step, 0)};
    mul_(args.data(), {matrix}, 1, rows * width);
  }
  for (Index n = 0; n < sizes_.updates; ++n) {
    const std::array args{number_a_row(update(n).u + step * rows),
                          row_for_all(update(n).k + step * width), rows_of<T>(matrix, width)};
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
