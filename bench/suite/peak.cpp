#include "bench/suite/peak.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <array>

#include "bench/suite/turns.hpp"
#include "kernel/isa.hpp"

namespace carousel {
namespace {

// As many sums at a time as hide the latency of a multiply-add (4 cycles, 2 a cycle), and as fit
// into 16 registers together with the factor and the term.
constexpr int chains = 12;
constexpr long rounds = 200'000;

// Floating-point operations of a loop over vectors of so many floats.
constexpr double operations(int width) { return 2.0 * chains * width * double(rounds); }

volatile float sink;  // keeps the loops from being left out

#if defined(__x86_64__)
[[gnu::target("avx512f")]] double multiply_add_avx512() {
  const __m512 factor = _mm512_set1_ps(0.5f), term = _mm512_set1_ps(1.0f);
  __m512 sums[chains];
  for (auto& sum : sums) sum = term;
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm512_fmadd_ps(sum, factor, term);
  }
  for (const auto& sum : sums) sink = _mm512_cvtss_f32(sum);
  return operations(16);
}

[[gnu::target("avx2,fma")]] double multiply_add_avx2() {
  const __m256 factor = _mm256_set1_ps(0.5f), term = _mm256_set1_ps(1.0f);
  __m256 sums[chains];
  for (auto& sum : sums) sum = term;
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm256_fmadd_ps(sum, factor, term);
  }
  for (const auto& sum : sums) sink = _mm256_cvtss_f32(sum);
  return operations(8);
}
#endif

double multiply_add_baseline() {
  using Vector [[gnu::vector_size(16)]] = float;
  const Vector factor{0.5f, 0.5f, 0.5f, 0.5f}, term{1.0f, 1.0f, 1.0f, 1.0f};
  std::array<Vector, chains> sums;
  sums.fill(term);
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = sum * factor + term;
  }
  for (const auto& sum : sums) sink = sum[0];
  return operations(4);
}

double run_once(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return multiply_add_avx512();
  if (isa == Isa::avx2) return multiply_add_avx2();
#endif
  static_cast<void>(isa);
  return multiply_add_baseline();
}

}  // namespace

double measure_peak() {
  // Not active_isa(): the peers do not know CAROUSEL_ISA.
  const Isa isa = available_isas().back();
  double done = 0.0;
  const double best = best_time([&] { done = run_once(isa); });
  return done / best;
}

}  // namespace carousel
