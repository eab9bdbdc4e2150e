#include "tensor/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace carousel {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Philox4x32-10 from the paper's text (Salmon et al. 2011, section 3.3).
Words philox(Words c, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * c[2];
    const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
    c = {low(second >> 32) ^ c[1] ^ key[0], low(second), low(first >> 32) ^ c[3] ^ key[1],
         low(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

// The 64 bits at a position of (seed, stream), from the definition above.
std::uint64_t expected_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const std::uint64_t block = position / 2;
  const Words r = philox({low(block), low(block >> 32), low(stream), low(stream >> 32)},
                         {low(seed), low(seed >> 32)});
  const std::size_t half = position % 2 * 2;
  return (std::uint64_t{r[half + 1]} << 32) | r[half];
}

// The kat_vectors file of the Random123 distribution, lines "philox4x32 10".
TEST(Philox, TheReferenceGivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, TheFirstNumbersAreTheKnownAnswerOfZero) {
  Random random(0, std::uint64_t{0});
  EXPECT_EQ(random.uniform(), static_cast<double>(0xe169c58d6627e8d5 >> 11) * 0x1.0p-53);
  EXPECT_EQ(random.uniform(), static_cast<double>(0x9b00dbd8bc57ac4c >> 11) * 0x1.0p-53);
  Random bits(0, std::uint64_t{0});
  EXPECT_EQ(bits.below(std::uint64_t{1} << 63), 0xe169c58d6627e8d5 & ~(std::uint64_t{1} << 63));
}

TEST(Random, EveryPositionIsPhiloxOfSeedStreamAndPosition) {
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{0x123456789abcdef0}}) {
    for (const std::uint64_t stream : {std::uint64_t{0}, std::uint64_t{0xfedcba9876543210}}) {
      Random random(seed, stream);
      for (std::uint64_t position = 0; position < 50; ++position) {
        const double expected =
            static_cast<double>(expected_bits(seed, stream, position) >> 11) * 0x1.0p-53;
        ASSERT_EQ(random.uniform(), expected) << seed << ", " << stream << ", " << position;
      }
    }
  }
}

// However many are asked for at a time.
TEST(Random, WordsAreThoseOfTheBlocksInTheirOrder) {
  const std::uint64_t seed = 0x123456789abcdef0, stream = 0xfedcba9876543210;
  Random random(seed, stream);
  std::uint64_t position = 0;
  for (const std::size_t count : {4, 32, 100, 28, 64, 1024}) {
    std::vector<std::uint32_t> words(count);
    random.words(words);
    for (std::size_t i = 0; i < count; i += 2, ++position) {
      const std::uint64_t bits = expected_bits(seed, stream, position);
      ASSERT_EQ(words[i], static_cast<std::uint32_t>(bits)) << count << ", " << i;
      ASSERT_EQ(words[i + 1], static_cast<std::uint32_t>(bits >> 32)) << count << ", " << i;
    }
  }
}

std::vector<double> draw(Random random, int n) {
  std::vector<double> values(static_cast<std::size_t>(n));
  for (double& v : values) v = random.uniform();
  return values;
}

TEST(Random, SameSeedAndStreamGiveTheSameNumbers) {
  EXPECT_EQ(draw(Random(3, "a"), 100), draw(Random(3, "a"), 100));
  EXPECT_EQ(draw(Random(3, "a"), 9), draw(Random(3, Random::hash("a")), 9));
}

TEST(Random, SeedsAndStreamsDiffer) {
  const auto base = draw(Random(3, "a"), 100);
  for (const auto& other : {draw(Random(4, "a"), 100), draw(Random(3, "b"), 100),
                            draw(Random(3, Random::hash("a", 1)), 100)}) {
    for (std::size_t i = 0; i < base.size(); ++i) ASSERT_NE(base[i], other[i]) << i;
  }
}

TEST(Random, HashDependsOnTextAndBothCounters) {
  const auto base = Random::hash("noise", 1, 2);
  EXPECT_EQ(base, Random::hash("noise", 1, 2));
  EXPECT_NE(base, Random::hash("noise", 2, 1));
  EXPECT_NE(base, Random::hash("noise", 1, 3));
  EXPECT_NE(base, Random::hash("nois", 1, 2));
  // FNV-1a of "a" and sixteen zero bytes, computed apart from the library.
  EXPECT_EQ(Random::hash("a"), 0xda0b881500262f8c);
}

struct Moments {
  double mean = 0, variance = 0, fourth = 0;
};

template <class F>
Moments moments(F next, int n) {
  std::vector<double> x(static_cast<std::size_t>(n));
  Moments m;
  for (double& v : x) m.mean += (v = next()) / n;
  for (const double v : x) m.variance += std::pow(v - m.mean, 2) / n;
  for (const double v : x) m.fourth += std::pow(v - m.mean, 4) / n;
  return m;
}

TEST(Random, UniformIsInRangeWithItsMeanAndVariance) {
  const int n = 200000;
  const auto values = draw(Random(5, "uniform"), n);
  EXPECT_GE(*std::min_element(values.begin(), values.end()), 0.0);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 1.0);
  std::size_t i = 0;
  const Moments m = moments([&] { return values[i++]; }, n);
  // Five standard deviations of the mean and of the variance.
  EXPECT_NEAR(m.mean, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(m.variance, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / n));
}

TEST(Random, NormalHasItsMoments) {
  const int n = 200000;
  Random random(6, "normal");
  const Moments m = moments([&] { return random.normal(); }, n);
  EXPECT_NEAR(m.mean, 0.0, 5 * std::sqrt(1.0 / n));
  EXPECT_NEAR(m.variance, 1.0, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(m.fourth, 3.0, 5 * std::sqrt(96.0 / n));
}

TEST(Random, NormalsInARowAreUncorrelated) {
  const int n = 100000;
  Random random(7, "pairs");
  double product = 0.0, last = random.normal();
  for (int i = 0; i < n; ++i) {
    const double next = random.normal();
    product += last * next / n;
    last = next;
  }
  EXPECT_NEAR(product, 0.0, 5 * std::sqrt(1.0 / n));
}

TEST(Random, BelowIsInRangeAndEven) {
  Random random(8, "below");
  std::array<int, 7> counts{};
  const int n = 70000;
  for (int i = 0; i < n; ++i) {
    const std::uint64_t r = random.below(7);
    ASSERT_LT(r, 7u);
    ++counts[r];
  }
  for (const int count : counts) EXPECT_NEAR(count, n / 7.0, 5 * std::sqrt(n / 7.0));
  EXPECT_EQ(random.below(1), 0u);
}

// Without rejection a third of the range would come up twice as often as the rest.
TEST(Random, BelowIsEvenForHugeRanges) {
  Random random(9, "huge");
  const std::uint64_t n = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += random.below(n) < n / 3 ? 1 : 0;
  EXPECT_NEAR(low, 10000, 5 * std::sqrt(30000 * 2.0 / 9));
}

TEST(Random, PermutationHoldsEachNumberOnce) {
  Random random(10, "permutation");
  for (const int n : {0, 1, 2, 3, 50}) {
    std::vector<int> order = random.permutation(n);
    std::sort(order.begin(), order.end());
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(order, all);
  }
}

TEST(Random, PermutationsAreEven) {
  Random random(11, "even");
  std::array<std::array<int, 4>, 4> counts{};
  const int n = 24000;
  for (int i = 0; i < n; ++i) {
    const std::vector<int> order = random.permutation(4);
    for (std::size_t at = 0; at < 4; ++at) ++counts[at][static_cast<std::size_t>(order[at])];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, n / 4.0, 5 * std::sqrt(n * 3.0 / 16));
  }
}

}  // namespace
}  // namespace carousel
