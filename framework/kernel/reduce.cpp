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

// A NaN counts as larger than all.
template <class T>
const T* largest(const T* row, Index n) {
  const T* nan = std::find_if(row, row + n, [](T v) { return std::isnan(v); });
  return nan != row + n ? nan : std::max_element(row, row + n);
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
  for (Index o = 0; o < outer; ++o) {
    const T* block = x + o * n * inner;
    if (inner == 1) {
      out[o] = static_cast<T>(lane_sum(block, n, [](T v) { return static_cast<double>(v); }));
      continue;
    }
    T* row = out + o * inner;
    std::fill_n(row, inner, T(0));
    for (Index k = 0; k < n; ++k) {
      for (Index i = 0; i < inner; ++i) row[i] += block[k * inner + i];
    }
  }
}

template <class T>
void logsumexp_rows(const T* x, Index outer, Index n, T* out) {
  for (Index o = 0; o < outer; ++o) {
    const T* row = x + o * n;
    const T top = *std::max_element(row, row + n);
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
    shifted_exp(row, *std::max_element(row, row + n), n, shares);
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
  return lane_sum(x, n, [](T v) { return static_cast<double>(v) * static_cast<double>(v); });
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
