#include "kernel/row_losses.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

constexpr Index lanes = 16;
// Elements of a row whose factors 1 + e^-|x| are multiplied before a logarithm: each lane's product
// is below 2^64.
constexpr Index piece = 64 * lanes;
// Elements of a block of rows: what its kernels hand to each other stays in the first cache.
constexpr Index block = 2 * piece;

template <class T>
struct Piece {
  const T *x, *y;
  const T* powers;  // e^-|x|
  Index n;
  T* products;  // of each lane
  T& terms;     // the sum of max(x, 0) - y x
};

// With log(1 + e^x) = max(x, 0) + log(1 + e^-|x|).
template <class T>
[[gnu::always_inline]] inline void take_piece(const Piece<T>& p) {
  std::array<T, lanes> products, sums{};
  products.fill(T(1));
  const auto take = [&](std::size_t lane, Index i) {
    sums[lane] += std::max(p.x[i], T(0)) - p.y[i] * p.x[i];
    products[lane] *= T(1) + p.powers[i];
  };
  const Index whole = p.n - p.n % lanes;
  for (Index i = 0; i < whole; i += lanes) {
    for (std::size_t j = 0; j < lanes; ++j) take(j, i + static_cast<Index>(j));
  }
  for (Index i = whole; i < p.n; ++i) take(static_cast<std::size_t>(i - whole), i);
  std::copy_n(products.begin(), lanes, p.products);
  for (std::size_t half = lanes / 2; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  p.terms = sums[0];
}

#if defined(__x86_64__)
template <class T>
[[gnu::target("avx512f,avx512dq")]] void take_piece_avx512(const Piece<T>& p) {
  take_piece(p);
}
template <class T>
[[gnu::target("avx2,fma")]] void take_piece_avx2(const Piece<T>& p) {
  take_piece(p);
}
#endif

template <class T>
void take_piece_here(const Piece<T>& p) {
  static const Isa isa = active_isa();
#if defined(__x86_64__)
  if (isa == Isa::avx512) return take_piece_avx512(p);
  if (isa == Isa::avx2) return take_piece_avx2(p);
#endif
  static_cast<void>(isa);
  take_piece(p);
}

}  // namespace

template <class T>
void binary_cross_entropy_rows(const T* x, const T* y, Index rows, Index n, T* out) {
  static const TileKernel<T> exp = tile_kernel<T>(Tile::exp), log = tile_kernel<T>(Tile::log);
  constexpr Index most = block / lanes;  // rows of a block
  const Index height = n > piece || n == 0 ? 1 : std::min(block / n, most);
  std::array<T, block> powers, products;
  std::array<T, most> terms;
  std::fill_n(out, rows, T(0));
  for (Index r = 0; r < rows; r += height) {
    const Index count = std::min(height, rows - r);  // one, or whole rows
    for (Index first = 0; first < n; first += piece) {
      const Index m = std::min(piece, n - first);
      const T *const logits = x + r * n + first, *const targets = y + r * n + first;
      for (Index i = 0; i < count * m; ++i) powers.data()[i] = -std::abs(logits[i]);
      const TileArg<T> exponents{powers.data(), 1}, factors{products.data(), 1};
      exp(&exponents, {powers.data()}, 1, count * m);
      for (Index k = 0; k < count; ++k) {
        take_piece_here<T>({logits + k * m, targets + k * m, powers.data() + k * m, m,
                            products.data() + k * lanes, terms.data()[k]});
      }
      log(&factors, {products.data()}, 1, count * lanes);
      for (Index k = 0; k < count; ++k) {
        const T* const of_row = products.data() + k * lanes;
        const double logs = std::accumulate(of_row, of_row + lanes, 0.0);
        out[r + k] += static_cast<T>(static_cast<double>(terms.data()[k]) + logs);
      }
    }
  }
}

template void binary_cross_entropy_rows(const float*, const float*, Index, Index, float*);
template void binary_cross_entropy_rows(const double*, const double*, Index, Index, double*);

}  // namespace carousel
