#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace carousel {
namespace {

template <class T>
ParameterSet<T> noisy_set(const Shape& shape) {
  return ParameterSet<T>({{"W", shape, Initialiser::constant(0.5), true},
                          {"b", {8}, Initialiser::constant(0.25), false},
                          {"U", shape, Initialiser::constant(0.5), true}},
                         9);
}

template <class T>
class WeightNoise : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(WeightNoise, Types);

TYPED_TEST(WeightNoise, ChangesOnlyRecurrentWeights) {
  const auto set = noisy_set<TypeParam>({4, 4});
  const auto noisy = with_weight_noise(set, 0.1, 1, 0);
  ASSERT_EQ(noisy.size(), 3u);
  EXPECT_EQ(noisy[1].data(), set.value(1).data()) << "the bias is shared, not copied";
  for (const std::size_t k : {0U, 2U}) {
    EXPECT_EQ(noisy[k].shape(), (Shape{4, 4}));
    for (Index i = 0; i < 16; ++i) {
      EXPECT_NE(noisy[k].data()[i], TypeParam(0.5));
      EXPECT_EQ(set.value(k).data()[i], TypeParam(0.5)) << "the parameters themselves stay";
    }
  }
}

TYPED_TEST(WeightNoise, HasTheGivenDeviation) {
  const auto set = noisy_set<TypeParam>({400, 250});
  const double deviation = 0.075, n = 100000;
  const auto noisy = with_weight_noise(set, deviation, 3, 11);
  double mean = 0, square = 0;
  for (const TypeParam v : noisy[0].values()) {
    mean += (static_cast<double>(v) - 0.5) / n;
    square += std::pow(static_cast<double>(v) - 0.5, 2) / n;
  }
  EXPECT_NEAR(mean, 0.0, 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(square), deviation, 5 * deviation / std::sqrt(2 * n));
}

TYPED_TEST(WeightNoise, DependsOnSeedUpdateAndName) {
  const auto set = noisy_set<TypeParam>({4, 4});
  const auto base = with_weight_noise(set, 0.1, 1, 5);
  const auto first = flatten<TypeParam>({base[0]});
  EXPECT_EQ(flatten<TypeParam>({with_weight_noise(set, 0.1, 1, 5)[0]}), first);
  EXPECT_NE(flatten<TypeParam>({with_weight_noise(set, 0.1, 2, 5)[0]}), first) << "seed";
  EXPECT_NE(flatten<TypeParam>({with_weight_noise(set, 0.1, 1, 6)[0]}), first) << "update";
  EXPECT_NE(flatten<TypeParam>({base[2]}), first) << "name";
}

TYPED_TEST(WeightNoise, DoesNotDependOnTheOtherParameters) {
  const auto set = noisy_set<TypeParam>({4, 4});
  const ParameterSet<TypeParam> alone({{"U", {4, 4}, Initialiser::constant(0.5), true}}, 9);
  EXPECT_EQ(flatten<TypeParam>({with_weight_noise(alone, 0.1, 1, 5)[0]}),
            flatten<TypeParam>({with_weight_noise(set, 0.1, 1, 5)[2]}));
}

TYPED_TEST(WeightNoise, NoneSharesEverything) {
  const auto set = noisy_set<TypeParam>({4, 4});
  const auto values = with_weight_noise(set, 0.0, 1, 5);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(values[k].data(), set.value(k).data());
}

}  // namespace
}  // namespace carousel
