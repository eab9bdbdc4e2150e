#include "kernel/normal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace carousel {
namespace {

template <class T>
class FillNormal : public testing::Test {
 protected:
  static std::vector<T> draw(Index n, std::uint64_t seed = 1, const char* stream = "noise") {
    std::vector<T> values(static_cast<std::size_t>(n));
    fill_normal(Random(seed, stream), values.data(), n);
    return values;
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(FillNormal, Types);

// Box and Muller's formula on the same words, one number at a time.
TYPED_TEST(FillNormal, IsBoxMullerOfTheStreamsWords) {
  std::vector<std::uint32_t> words(1024);
  Random(1, "noise").words(words);
  const auto values = this->draw(1024);
  const bool single = std::is_same_v<TypeParam, float>;
  const auto unit = [&](std::uint32_t w) {
    return single ? ((w >> 8) + 1.0) * 0x1.0p-24 : (w + 1.0) * 0x1.0p-32;
  };
  for (std::size_t i = 0; i < 512; ++i) {
    const double radius = std::sqrt(-2.0 * std::log(unit(words[i])));
    const double angle = 2.0 * std::numbers::pi * unit(words[512 + i]);
    EXPECT_NEAR(values[i], radius * std::cos(angle), single ? 3e-6 : 1e-14);
    EXPECT_NEAR(values[512 + i], radius * std::sin(angle), single ? 3e-6 : 1e-14);
  }
}

TYPED_TEST(FillNormal, HasTheMomentsAndTailsOfANormal) {
  const Index n = 1 << 20;
  const auto values = this->draw(n);
  double sums[5] = {};
  int beyond = 0;
  for (const TypeParam v : values) {
    double power = 1.0;
    for (double& sum : sums) sum += power / double(n), power *= double(v);
    beyond += std::abs(v) > TypeParam(3);
  }
  const double error = 1.0 / std::sqrt(double(n));  // standard errors: 1, sqrt(2), sqrt(15), ..
  EXPECT_NEAR(sums[1], 0.0, 4 * error);
  EXPECT_NEAR(sums[2], 1.0, 4 * std::sqrt(2.0) * error);
  EXPECT_NEAR(sums[3], 0.0, 4 * std::sqrt(15.0) * error);
  EXPECT_NEAR(sums[4], 3.0, 4 * std::sqrt(96.0) * error);
  const double expected = 0.0026998 * double(n);
  EXPECT_NEAR(beyond, expected, 4 * std::sqrt(expected));
}

TYPED_TEST(FillNormal, DependsOnStreamAndPlaceAlone) {
  const auto all = this->draw(3000);
  for (const Index n : {1, 511, 513, 1025, 2048}) {
    const auto some = this->draw(n);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << n;
  }
  EXPECT_NE(this->draw(10, 2), this->draw(10));
  EXPECT_NE(this->draw(10, 1, "other"), this->draw(10));
}

}  // namespace
}  // namespace carousel
