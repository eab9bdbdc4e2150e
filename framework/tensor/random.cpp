#include "tensor/random.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <utility>

#include "tensor/error.hpp"

namespace carousel {

namespace {

// Inline in the loop of words(), which masks wait for.
[[gnu::always_inline]] inline r123::Philox4x32::ctr_type philox(std::uint64_t seed,
                                                                std::uint64_t stream,
                                                                std::uint64_t block) {
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  const r123::Philox4x32::ctr_type counter = {{low(block), high(block), low(stream), high(stream)}};
  const r123::Philox4x32::key_type key = {{low(seed), high(seed)}};
  return r123::Philox4x32()(counter, key);
}

#if defined(__x86_64__)
// Eight blocks side by side, each word in the lower half of a lane; what the products leave in the
// upper half is dropped at the end.
using Lanes [[gnu::vector_size(64)]] = std::uint64_t;

[[gnu::target("avx512f,avx512dq")]] void philox_of_eights(std::uint64_t seed, std::uint64_t stream,
                                                          std::uint64_t block,
                                                          std::span<std::uint32_t> out) {
  constexpr std::uint64_t low = 0xffffffff;
  for (std::size_t i = 0; i < out.size(); i += 32, block += 8) {
    Lanes a = Lanes{0, 1, 2, 3, 4, 5, 6, 7} + block, b = a >> 32;
    Lanes c = Lanes{} + stream, d = Lanes{} + (stream >> 32);
    auto key = static_cast<std::uint32_t>(seed), other_key = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const Lanes p = (a & low) * PHILOX_M4x32_0, q = (c & low) * PHILOX_M4x32_1;
      a = (q >> 32) ^ b ^ std::uint64_t{key};
      b = q;
      c = (p >> 32) ^ d ^ std::uint64_t{other_key};
      d = p;
      key += PHILOX_W32_0;
      other_key += PHILOX_W32_1;
    }
    const Lanes ab = (a & low) | (b << 32), cd = (c & low) | (d << 32);
    const Lanes first = __builtin_shufflevector(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11);
    const Lanes second = __builtin_shufflevector(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15);
    std::memcpy(out.data() + i, &first, sizeof first);
    std::memcpy(out.data() + i + 16, &second, sizeof second);
  }
}

bool runs_eights() {
  static const bool runs =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  return runs;
}
#else
void philox_of_eights(std::uint64_t, std::uint64_t, std::uint64_t, std::span<std::uint32_t>) {}
bool runs_eights() { return false; }
#endif

}  // namespace

std::uint64_t Random::bits() {
  if (position_ % 2 == 1) {
    ++position_;
    return second_;
  }
  const auto r = philox(seed_, stream_, position_ / 2);
  ++position_;
  second_ = (static_cast<std::uint64_t>(r[3]) << 32) | r[2];
  return (static_cast<std::uint64_t>(r[1]) << 32) | r[0];
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

void Random::words(std::span<std::uint32_t> out) {
  if (out.size() % 4 != 0) fail_bug("got {} random words, expected a multiple of 4", out.size());
  position_ += position_ % 2;
  std::uint64_t block = position_ / 2;
  std::size_t i = 0;
  if (runs_eights()) {
    i = out.size() / 32 * 32;
    philox_of_eights(seed_, stream_, block, out.first(i));
    block += i / 4;
  }
  for (; i < out.size(); i += 4, ++block) {
    const auto r = philox(seed_, stream_, block);
    for (std::size_t k = 0; k < 4; ++k) out[i + k] = r[k];
  }
  position_ = 2 * block;
}

std::uint64_t Random::below(std::uint64_t n) {
  // Values under 2^64 mod n would make the small results likelier.
  const std::uint64_t rejected = (0 - n) % n;
  std::uint64_t r = bits();
  while (r < rejected) r = bits();
  return r % n;
}

std::vector<int> Random::permutation(int n) {
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

std::uint64_t Random::hash(std::string_view text, std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  const auto mix = [&h](std::uint64_t byte) { h = (h ^ byte) * 0x100000001b3ULL; };
  for (const char c : text) mix(static_cast<unsigned char>(c));
  for (const std::uint64_t number : {a, b}) {
    for (int shift = 0; shift < 64; shift += 8) mix((number >> shift) & 0xff);
  }
  return h;
}

}  // namespace carousel
