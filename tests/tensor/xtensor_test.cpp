#include "tensor/xtensor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xtensor/xmath.hpp>

namespace carousel {
namespace {

using testing::ElementsAre;

TEST(Xtensor, SeesTheTensorsOwnMemory) {
  auto t = Tensor<float>::from({2, 3}, {0, 1, 2, 3, 4, 5});
  auto x = as_xt(t);
  EXPECT_EQ(x.data(), t.data());
  EXPECT_EQ(x(1, 0), 3.0f);  // row-major
  x(1, 2) = 50.0f;
  EXPECT_EQ(t.data()[5], 50.0f);
  t.data()[1] = -1.0f;
  EXPECT_EQ(x(0, 1), -1.0f);
}

TEST(Xtensor, AConstTensorGivesAConstView) {
  const auto t = Tensor<double>::from({3}, {1, 2, 3});
  const auto x = as_xt(t);
  static_assert(std::is_const_v<std::remove_reference_t<decltype(x(0))>>);
  EXPECT_EQ(&x(2), t.data() + 2);
}

TEST(Xtensor, EvaluatesAnExpressionIntoANewTensor) {
  auto a = Tensor<double>::from({2, 1}, {1, 2});
  const auto b = Tensor<double>::from({3}, {10, 20, 30});
  Tensor<double> sum = from_xt<double>(as_xt(a) + 2.0 * as_xt(b));
  EXPECT_EQ(sum.shape(), (Shape{2, 3}));
  EXPECT_THAT(sum.values(), ElementsAre(21, 41, 61, 22, 42, 62));
  a.data()[0] = 100.0;  // evaluated: nothing refers to a any more
  EXPECT_EQ(sum.data()[0], 21.0);
}

TEST(Xtensor, ScalarsAndReductionsKeepTheirRank) {
  const auto t = Tensor<double>::from({2, 2}, {1, 2, 3, 4});
  const auto total = from_xt<double>(xt::sum(as_xt(t)));
  EXPECT_EQ(total.shape().rank(), 0);
  EXPECT_EQ(total.item(), 10.0);
  EXPECT_THAT(from_xt<double>(xt::sum(as_xt(t), {0})).values(), ElementsAre(4, 6));
}

TEST(Xtensor, ShapesCross) {
  EXPECT_THAT(xt_shape({4, 0, 2}), ElementsAre(4u, 0u, 2u));
  EXPECT_TRUE(xt_shape({}).empty());
}

}  // namespace
}  // namespace carousel
