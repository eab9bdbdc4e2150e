// Kernels for bf16 by AVX512-BF16. Denormal numbers count as 0 in its instructions.

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernel/bf16.hpp"

namespace carousel {

const Bf16Kernels& bf16_kernels_avx512();

namespace {

constexpr Index lanes = 16;

// The first n lanes, of 16 at most.
__mmask16 first_lanes(Index n) {
  return static_cast<__mmask16>(n >= lanes ? 0xffff : (1 << std::max<Index>(n, 0)) - 1);
}

void round(Index n, const float* from, Bf16Pair* to) {
  for (Index i = 0; i < n; i += 2 * lanes, to += lanes) {
    const __m512 low = _mm512_maskz_loadu_ps(first_lanes(n - i), from + i);
    const __m512 high = _mm512_maskz_loadu_ps(first_lanes(n - i - lanes), from + i + lanes);
    _mm512_storeu_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
  }
}

// A number to each pair's lower half.
__m512i rounded(__mmask16 lanes_there, const float* from) {
  const __m512 numbers = _mm512_maskz_loadu_ps(lanes_there, from);
  return _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(numbers)));
}

void interleave(Index n, const float* first, const float* second, Bf16Pair* to) {
  const __m512i lower_half = _mm512_set1_epi32(0xffff);
  for (Index i = 0; i < n; i += lanes) {
    const __mmask16 there = first_lanes(n - i);
    __m512i pairs = first ? rounded(there, first + i)
                          : _mm512_and_si512(_mm512_loadu_si512(to + i), lower_half);
    if (second) {
      pairs = _mm512_or_si512(pairs, _mm512_slli_epi32(rounded(there, second + i), 16));
    }
    _mm512_storeu_si512(to + i, pairs);
  }
}

// Where the pair of row r and pair p of a is: [rows, pairs], or [pairs, rows].
enum class Left { rows, interleaved };

template <std::size_t count, class F>
void for_each(F f) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (f(std::integral_constant<std::size_t, i>()), ...);
  }
  (std::make_index_sequence<count>());
}

// Sums in registers, of so many rows and vectors of columns; last: lanes of the last vector.
template <std::size_t rows, std::size_t vectors, Left left>
void multiply_block(const Bf16Product& product, const Bf16Pair* a, float* c, __mmask16 last) {
  const auto mask = [&](std::size_t v) { return v + 1 == vectors ? last : __mmask16(0xffff); };
  const Index ldc = product.ldc, a_step = product.a_step;
  const auto at = [&](std::size_t r, std::size_t v) {
    return c + Index(r) * ldc + Index(v) * lanes;
  };
  __m512 sums[rows][vectors];
  for_each<rows>([&](auto r) {
    for_each<vectors>([&](auto v) {
      sums[r][v] =
          product.accumulate ? _mm512_maskz_loadu_ps(mask(v), at(r, v)) : _mm512_setzero_ps();
    });
  });
  const Bf16Pair* b = product.b;
  for (Index p = 0; p < product.pairs; ++p, b += vectors * lanes) {
    __m512bh columns[vectors];
    for_each<vectors>([&](auto v) {
      columns[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + v * lanes));
    });
    for_each<rows>([&](auto r) {
      const Index row = Index(std::size_t(r));
      const Bf16Pair pair = left == Left::interleaved ? a[row] : a[row * a_step];
      const auto factor = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair)));
      for_each<vectors>(
          [&](auto v) { sums[r][v] = _mm512_dpbf16_ps(sums[r][v], factor, columns[v]); });
    });
    a += left == Left::interleaved ? a_step : 1;
  }
  for_each<rows>([&](auto r) {
    for_each<vectors>([&](auto v) { _mm512_mask_storeu_ps(at(r, v), mask(v), sums[r][v]); });
  });
}

using Block = void (*)(const Bf16Product&, const Bf16Pair*, float*, __mmask16);

// 24 sums, the columns and a factor are what the 32 registers hold.
constexpr Index most_vectors = 4;
constexpr std::size_t most_rows(std::size_t vectors) {
  return std::min<std::size_t>(12, 24 / vectors);
}

template <std::size_t vectors, Left left, std::size_t... rows>
constexpr std::array<Block, 12> blocks_of(std::index_sequence<rows...>) {
  return {multiply_block<rows + 1, vectors, left>...};
}

// By vectors and rows, each less one.
template <Left left, std::size_t... vectors>
constexpr auto blocks_by_vectors(std::index_sequence<vectors...>) {
  return std::array{
      blocks_of<vectors + 1, left>(std::make_index_sequence<most_rows(vectors + 1)>())...};
}

template <Left left>
void multiply_rows(const Bf16Product& product) {
  static constexpr auto blocks =
      blocks_by_vectors<left>(std::make_index_sequence<std::size_t(most_vectors)>());
  const auto vectors = static_cast<std::size_t>((product.n + lanes - 1) / lanes);
  const __mmask16 last = first_lanes(product.n - Index(vectors - 1) * lanes);
  const Index most = Index(most_rows(vectors));
  const Index count = (product.m + most - 1) / most;
  for (Index k = 0, row = 0; k < count; ++k) {  // blocks as equal as can be
    const Index end = product.m * (k + 1) / count;
    const Bf16Pair* a = product.a + row * (left == Left::interleaved ? 1 : product.a_step);
    blocks[vectors - 1][static_cast<std::size_t>(end - row - 1)](
        product, a, product.c + row * product.ldc, last);
    row = end;
  }
}

void multiply(const Bf16Product& product) {
  if (product.interleaved) multiply_rows<Left::interleaved>(product);
  else multiply_rows<Left::rows>(product);
}

}  // namespace

const Bf16Kernels& bf16_kernels_avx512() {
  static constexpr Bf16Kernels kernels{round, interleave, multiply};
  return kernels;
}

}  // namespace carousel
