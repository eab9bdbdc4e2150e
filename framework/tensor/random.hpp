#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace carousel {

/// Counter-based random numbers (Philox4x32-10; Salmon et al. 2011, "Parallel random numbers:
/// as easy as 1, 2, 3"). A number depends only on (seed, stream, position), so any thread
/// can draw any part, and a checkpoint keeps the counters alone.
class Random {
 public:
  /// Stream `stream` of a seed, at position 0. Streams of different numbers are independent.
  Random(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}
  /// A stream named by text, such as a parameter's name.
  Random(std::uint64_t seed, std::string_view stream) : Random(seed, hash(stream)) {}

  /// Uniform in [0, 1) with 53 random bits.
  double uniform();
  /// Standard normal (Box and Muller 1958).
  double normal();
  /// Uniform integer in [0, n); n > 0.
  std::uint64_t below(std::uint64_t n);
  /// Random words, many at a time. Their number must be a multiple of four.
  void words(std::span<std::uint32_t> out);
  /// A uniform permutation of 0..n-1 (Fisher and Yates).
  std::vector<int> permutation(int n);

  /// A stream number that mixes text with up to two counters (FNV-1a).
  static std::uint64_t hash(std::string_view text, std::uint64_t a = 0, std::uint64_t b = 0);

 private:
  std::uint64_t bits();
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
  std::uint64_t second_ = 0;  // half of each Philox block waits here
};

}  // namespace carousel
