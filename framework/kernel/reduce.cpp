#include "kernel/reduce.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

// Eight running sums: one would wait for each addition. Their order is fixed.
template <class T, class F>
double lane_sum(const T* x, Index n, F f) {
  std::array<double, 8> lanes{};
  Index i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) lanes[j] += f(x[i + static_cast<Index>(j)]);
  }
  for (; i < n; ++i) lanes[static_cast<std::size_t>(i % 8)] += f(x[i]);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

// The same sums of rows of plain numbers, with the eight in vectors: the same bits. Four rows at a
// time, since each addition waits for the one before.
using Lanes [[gnu::vector_size(64)]] = double;

template <class T>
[[gnu::always_inline]] inline void read_eight(const T* x, Lanes& to) {
  using Eight [[gnu::vector_size(8 * sizeof(T)), gnu::aligned(alignof(T)), gnu::may_alias]] = T;
  to = __builtin_convertvector(*reinterpret_cast<const Eight*>(x), Lanes);
}

template <class T>
[[gnu::always_inline]] inline void add_eight(const T* x, Lanes& sum) {
  Lanes v;
  read_eight(x, v);
  sum += v;
}

[[gnu::always_inline]] inline double total(const Lanes& sum) {
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

template <class T>
[[gnu::always_inline]] inline T finished(const T* x, Index first, Index n, Lanes& sum) {
  for (Index i = first; i < n; ++i) sum[i % 8] += static_cast<double>(x[i]);
  return static_cast<T>(total(sum));
}

// Squares of floats are exact in double, so that no instruction set rounds in another place.
template <class T>
[[gnu::always_inline]] inline double squares_of(const T* x, Index n) {
  const Index whole = n - n % 8;
  Lanes sum{};
  for (Index i = 0; i < whole; i += 8) {
    Lanes v;
    read_eight(x + i, v);
    sum += v * v;
  }
  for (Index i = whole; i < n; ++i) {
    const double v = static_cast<double>(x[i]);
    sum[i % 8] += v * v;
  }
  return total(sum);
}

template <class T>
[[gnu::always_inline]] inline void sum_rows_of(const T* x, Index rows, Index n, T* out) {
  const Index whole = n - n % 8;
  Index r = 0;
  for (; r + 4 <= rows; r += 4) {
    const T* row = x + r * n;
    Lanes a{}, b{}, c{}, d{};
    for (Index i = 0; i < whole; i += 8) {
      add_eight(row + i, a);
      add_eight(row + n + i, b);
      add_eight(row + 2 * n + i, c);
      add_eight(row + 3 * n + i, d);
    }
    out[r] = finished(row, whole, n, a);
    out[r + 1] = finished(row + n, whole, n, b);
    out[r + 2] = finished(row + 2 * n, whole, n, c);
    out[r + 3] = finished(row + 3 * n, whole, n, d);
  }
  for (; r < rows; ++r) {
    Lanes sum{};
    for (Index i = 0; i < whole; i += 8) add_eight(x + r * n + i, sum);
    out[r] = finished(x + r * n, whole, n, sum);
  }
}

#if defined(__x86_64__)
template <class T>
[[gnu::target("avx512f")]] double squares_avx512(const T* x, Index n) {
  return squares_of(x, n);
}
template <class T>
[[gnu::target("avx2")]] double squares_avx2(const T* x, Index n) {
  return squares_of(x, n);
}
template <class T>
[[gnu::target("avx512f")]] void sum_rows_avx512(const T* x, Index rows, Index n, T* out) {
  sum_rows_of(x, rows, n, out);
}
template <class T>
[[gnu::target("avx2")]] void sum_rows_avx2(const T* x, Index rows, Index n, T* out) {
  sum_rows_of(x, rows, n, out);
}
#endif

template <class T>
void sum_rows(const T* x, Index rows, Index n, T* out) {
  static const Isa isa = active_isa();
#if defined(__x86_64__)
  if (isa == Isa::avx512) return sum_rows_avx512(x, rows, n, out);
  if (isa == Isa::avx2) return sum_rows_avx2(x, rows, n, out);
#endif
  static_cast<void>(isa);
  sum_rows_of(x, rows, n, out);
}

// A NaN counts as larger than all.
template <class T>
const T* largest(const T* row, Index n) {
  const T* nan = std::find_if(row, row + n, [](T v) { return std::isnan(v); });
  return nan != row + n ? nan : std::max_element(row, row + n);
}

// The same without a look at NaN: many at a time, as the order does not matter.
template <class T>
T largest_of(const T* row, Index n) {
  std::array<T, 16> tops;
  tops.fill(row[0]);
  const auto take = [](T& top, T v) { top = v > top ? v : top; };
  Index i = 0;
  for (; i + 16 <= n; i += 16) {
    for (std::size_t j = 0; j < 16; ++j) take(tops[j], row[i + static_cast<Index>(j)]);
  }
  for (; i < n; ++i) take(tops[0], row[i]);
  for (std::size_t j = 1; j < 16; ++j) take(tops[0], tops[j]);
  return tops[0];
}

constexpr Index piece = 512;  // elements that stay in the first cache

// exp(x - top), element by element.
template <class T>
void shifted_exp(const T* x, T top, Index n, T* out) {
  static const TileKernel<T> sub = tile_kernel<T>(Tile::sub), exp = tile_kernel<T>(Tile::exp);
  const std::array<TileArg<T>, 2> shifted{TileArg<T>{x, 1}, TileArg<T>{&top, 0}};
  sub(shifted.data(), {out}, 1, n);
  const TileArg<T> arg{out, 1};
  exp(&arg, {out}, 1, n);
}

}  // namespace

template <class T>
void sum_axis(const T* x, Index outer, Index n, Index inner, T* out) {
  if (inner == 1) return sum_rows(x, outer, n, out);
  static const TileKernel<T> add = tile_kernel<T>(Tile::add);
  std::fill_n(out, outer * inner, T(0));
  for (Index o = 0; o < outer; ++o) {
    T* row = out + o * inner;
    const std::array<TileArg<T>, 2> terms{TileArg<T>{row, 1, 0},
                                          TileArg<T>{x + o * n * inner, 1, inner}};
    add(terms.data(), {row, 0}, n, inner);
  }
}

template <class T>
void logsumexp_rows(const T* x, Index outer, Index n, T* out) {
  for (Index o = 0; o < outer; ++o) {
    const T* row = x + o * n;
    const T top = largest_of(row, n);
    if (!std::isfinite(top)) {
      // Not the top itself: the comparisons above may have passed over a NaN.
      const bool nan = std::any_of(row, row + n, [](T v) { return std::isnan(v); });
      out[o] = nan ? std::numeric_limits<T>::quiet_NaN() : top;
      continue;
    }
    double sum = 0.0;
    std::array<T, static_cast<std::size_t>(piece)> powers;
    for (Index first = 0; first < n; first += piece) {
      const Index count = std::min(piece, n - first);
      shifted_exp(row + first, top, count, powers.data());
      sum += lane_sum(powers.data(), count, [](T v) { return static_cast<double>(v); });
    }
    out[o] = static_cast<T>(static_cast<double>(top) + std::log(sum));
  }
}

template <class T>
void softmax_rows(const T* x, Index outer, Index n, T* out) {
  for (Index o = 0; o < outer; ++o) {
    const T* row = x + o * n;
    T* shares = out + o * n;
    shifted_exp(row, largest_of(row, n), n, shares);
    const double sum = lane_sum(shares, n, [](T v) { return static_cast<double>(v); });
    std::transform(shares, shares + n, shares,
                   [sum](T v) { return static_cast<T>(static_cast<double>(v) / sum); });
  }
}

template <class T>
void max_rows(const T* x, Index outer, Index n, T* out) {
  for (Index o = 0; o < outer; ++o) out[o] = *largest(x + o * n, n);
}

template <class T>
void first_max_rows(const T* x, Index outer, Index n, T* out) {
  std::fill_n(out, outer * n, T(0));
  for (Index o = 0; o < outer; ++o) out[o * n + (largest(x + o * n, n) - (x + o * n))] = T(1);
}

template <class T>
void cumsum_rows(const T* x, Index outer, Index n, bool reverse, T* out) {
  for (Index o = 0; o < outer; ++o) {
    double sum = 0.0;
    for (Index k = 0; k < n; ++k) {
      const Index at = o * n + (reverse ? n - 1 - k : k);
      sum += static_cast<double>(x[at]);
      out[at] = static_cast<T>(sum);
    }
  }
}

template <class T>
double sum_of_squares(const T* x, Index n) {
  static const Isa isa = active_isa();
#if defined(__x86_64__)
  if (isa == Isa::avx512) return squares_avx512(x, n);
  if (isa == Isa::avx2) return squares_avx2(x, n);
#endif
  static_cast<void>(isa);
  return squares_of(x, n);
}

template void sum_axis(const float*, Index, Index, Index, float*);
template void sum_axis(const double*, Index, Index, Index, double*);
template void logsumexp_rows(const float*, Index, Index, float*);
template void logsumexp_rows(const double*, Index, Index, double*);
template void softmax_rows(const float*, Index, Index, float*);
template void softmax_rows(const double*, Index, Index, double*);
template void max_rows(const float*, Index, Index, float*);
template void max_rows(const double*, Index, Index, double*);
template void first_max_rows(const float*, Index, Index, float*);
template void first_max_rows(const double*, Index, Index, double*);
template void cumsum_rows(const float*, Index, Index, bool, float*);
template void cumsum_rows(const double*, Index, Index, bool, double*);
template double sum_of_squares(const float*, Index);
template double sum_of_squares(const double*, Index);

}  // namespace carousel
