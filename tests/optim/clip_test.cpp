#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "fixtures.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;

template <class T>
class Clip : public testing::Test {
 protected:
  // Norm 13 over both tensors: neither alone has it.
  static std::vector<Tensor<T>> gradients() {
    return {Tensor<T>::from({2}, {3, -4}), Tensor<T>::from({1, 1}, {12})};
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Clip, Types);

TYPED_TEST(Clip, ByGlobalNormLeavesWhatIsBelow) {
  for (const double limit : {13.0, 14.0, 1e9}) {
    auto g = TestFixture::gradients();
    EXPECT_DOUBLE_EQ(clip_by_global_norm(g, limit), 13.0);
    EXPECT_THAT(flatten(g), ElementsAre(3, -4, 12)) << limit;
  }
}

TYPED_TEST(Clip, ByGlobalNormScalesWhatIsAbove) {
  auto g = TestFixture::gradients();
  EXPECT_DOUBLE_EQ(clip_by_global_norm(g, 6.5), 13.0);
  EXPECT_THAT(flatten(g), ElementsAre(1.5, -2, 6));
  EXPECT_DOUBLE_EQ(clip_by_global_norm(g, 100.0), 6.5);
}

TYPED_TEST(Clip, ByGlobalNormReachesTheLimit) {
  const double epsilon = static_cast<double>(std::numeric_limits<TypeParam>::epsilon());
  for (const double limit : {0.001, 0.3, 12.9}) {
    auto g = TestFixture::gradients();
    clip_by_global_norm(g, limit);
    EXPECT_NEAR(clip_by_global_norm(g, 1e9), limit, 4 * limit * epsilon);
  }
}

TYPED_TEST(Clip, ByGlobalNormTakesZeroAndReportsNan) {
  std::vector<Tensor<TypeParam>> zeros = {Tensor<TypeParam>::zeros({3})};
  EXPECT_EQ(clip_by_global_norm(zeros, 1.0), 0.0);
  EXPECT_THAT(flatten(zeros), ElementsAre(0, 0, 0));
  auto g = TestFixture::gradients();
  g[1].data()[0] = std::numeric_limits<TypeParam>::quiet_NaN();
  EXPECT_TRUE(std::isnan(clip_by_global_norm(g, 1.0)));
}

// The squares of these overflow in float.
TEST(ClipFloat, NormOfHugeGradientsIsFinite) {
  std::vector<Tensor<float>> g = {Tensor<float>::from({2}, {3e30f, 4e30f})};
  EXPECT_NEAR(clip_by_global_norm(g, 5.0), 5e30, 1e24);
  EXPECT_NEAR(g[0].data()[0], 3.0, 1e-5);
  EXPECT_NEAR(g[0].data()[1], 4.0, 1e-5);
}

// Gradients of a + b are equal; were they one tensor, it would be scaled twice.
TYPED_TEST(Clip, ByGlobalNormScalesGradientsOfATapeOnce) {
  using T = TypeParam;
  Tape<T> tape;
  const Var a = tape.leaf(Tensor<T>::zeros({8})), b = tape.leaf(Tensor<T>::zeros({8}));
  auto g = tape.gradients(sum(a + b), std::array{a, b});
  EXPECT_DOUBLE_EQ(clip_by_global_norm(g, 2.0), 4.0);
  for (const double v : flatten(g)) ASSERT_EQ(v, 0.5);
}

TYPED_TEST(Clip, ByValueClampsEachElement) {
  auto g = TestFixture::gradients();
  clip_by_value(g, 3.5);
  EXPECT_THAT(flatten(g), ElementsAre(3, -3.5, 3.5));
  clip_by_value(g, 3.5);
  EXPECT_THAT(flatten(g), ElementsAre(3, -3.5, 3.5));
}

TYPED_TEST(Clip, ByValueKeepsNanAndBoundsInfinity) {
  using T = TypeParam;
  std::vector<Tensor<T>> g = {Tensor<T>::from(
      {3}, {std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::infinity(), T(0)})};
  clip_by_value(g, 2.0);
  EXPECT_TRUE(std::isnan(g[0].data()[0]));
  EXPECT_EQ(g[0].data()[1], T(-2));
  EXPECT_EQ(g[0].data()[2], T(0));
}

}  // namespace
}  // namespace carousel
