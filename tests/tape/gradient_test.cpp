#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tape/tape.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;

template <class T>
class TapeGradient : public testing::Test {
 protected:
  Tape<T> tape;

  Var leaf(const Shape& shape, const std::vector<T>& values) {
    return tape.leaf(Tensor<T>::from(shape, values));
  }
  Tensor<T> gradient(Var loss, Var wrt) { return tape.gradients(loss, std::array{wrt})[0]; }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TapeGradient, Types);

TYPED_TEST(TapeGradient, ASharedInputCollectsEveryUse) {
  const Var x = this->leaf({2}, {3, -1});
  // x appears as both operands, beside a number, and behind a function.
  const Var loss = sum(x * x + 2.0 * x + x);
  EXPECT_THAT(this->gradient(loss, x).values(), ElementsAre(9, 1));
  EXPECT_THAT(this->gradient(sum(x + x), x).values(), ElementsAre(2, 2));
  EXPECT_THAT(this->gradient(sum(x - x), x).values(), ElementsAre(0, 0));
}

TYPED_TEST(TapeGradient, AValueUsedTwiceCollectsBothPaths) {
  const Var x = this->leaf({2}, {2, 3});
  const Var y = x * x;
  // y^2 + 5 y = x^4 + 5 x^2
  EXPECT_THAT(this->gradient(sum(y * y + 5.0 * y), x).values(), ElementsAre(52, 138));
  const Var loss = sum(y * y + 5.0 * y);
  EXPECT_THAT(this->gradient(loss, y).values(), ElementsAre(13, 23));
}

TYPED_TEST(TapeGradient, InputsAndValuesOnTheWayAtOnce) {
  const Var x = this->leaf({1}, {2});
  const Var y = x * x;
  const Var loss = sum(y * y);
  const auto g = this->tape.gradients(loss, std::array{y, x, loss, x});
  EXPECT_EQ(g[0].item(), 8);
  EXPECT_EQ(g[1].item(), 32);
  EXPECT_EQ(g[2].item(), 1);
  EXPECT_EQ(g[3].item(), 32);
}

TYPED_TEST(TapeGradient, ALossThatIsAnInputHasGradientOne) {
  const Var x = this->leaf({1, 1}, {7});
  const auto g = this->gradient(x, x);
  EXPECT_EQ(g.shape(), (Shape{1, 1}));
  EXPECT_EQ(g.item(), 1);
  EXPECT_EQ(this->tape.value(this->tape.recorded_gradients(x, std::array{x})[0]).item(), 1);
}

TYPED_TEST(TapeGradient, ZerosWhereThereIsNoPath) {
  const Var x = this->leaf({2}, {1, 2});
  const Var unused = this->leaf({3}, {1, 1, 1});
  const Var loss = sum(x * 2.0);
  const Var later = this->leaf({2, 1}, {5, 5});  // younger than the loss
  const auto g = this->tape.gradients(loss, std::array{unused, x, later});
  EXPECT_EQ(g[0].shape(), (Shape{3}));
  EXPECT_THAT(g[0].values(), ElementsAre(0, 0, 0));
  EXPECT_THAT(g[1].values(), ElementsAre(2, 2));
  EXPECT_EQ(g[2].shape(), (Shape{2, 1}));
  EXPECT_THAT(g[2].values(), ElementsAre(0, 0));
  const auto recorded = this->tape.recorded_gradients(loss, std::array{unused, x, later});
  EXPECT_THAT(this->tape.value(recorded[0]).values(), ElementsAre(0, 0, 0));
  EXPECT_THAT(this->tape.value(recorded[2]).values(), ElementsAre(0, 0));
}

TYPED_TEST(TapeGradient, StopsAtStopGradientAndComparisons) {
  const Var x = this->leaf({2}, {-1, 2});
  EXPECT_THAT(this->gradient(sum(stop_gradient(x * x) + 0.0 * x), x).values(), ElementsAre(0, 0));
  EXPECT_THAT(this->gradient(sum(step(x) * x), x).values(), ElementsAre(0, 1));
}

TYPED_TEST(TapeGradient, BroadcastInputsAreSummedToTheirShape) {
  const Var row = this->leaf({3}, {1, 2, 3});
  const Var column = this->leaf({2, 1}, {10, 20});
  const Var scalar = this->leaf({}, {2});
  const Var loss = sum(row * column * scalar);
  const auto g = this->tape.gradients(loss, std::array{row, column, scalar});
  EXPECT_EQ(g[0].shape(), (Shape{3}));
  EXPECT_THAT(g[0].values(), ElementsAre(60, 60, 60));
  EXPECT_EQ(g[1].shape(), (Shape{2, 1}));
  EXPECT_THAT(g[1].values(), ElementsAre(12, 12));
  EXPECT_EQ(g[2].shape(), Shape{});
  EXPECT_EQ(g[2].item(), 180);
}

// At a tie maximum and minimum give all to the first operand: the sum of shares stays one.
TYPED_TEST(TapeGradient, TiesGoToTheFirstOperand) {
  const Var a = this->leaf({3}, {1, 2, 3}), b = this->leaf({3}, {2, 2, 2});
  auto g = this->tape.gradients(sum(maximum(a, b)), std::array{a, b});
  EXPECT_THAT(g[0].values(), ElementsAre(0, 1, 1));
  EXPECT_THAT(g[1].values(), ElementsAre(1, 0, 0));
  g = this->tape.gradients(sum(minimum(a, b)), std::array{a, b});
  EXPECT_THAT(g[0].values(), ElementsAre(1, 1, 0));
  EXPECT_THAT(g[1].values(), ElementsAre(0, 0, 1));
}

TYPED_TEST(TapeGradient, GradientsTwiceGiveTheSameBits) {
  const Var x = this->leaf({4}, {TypeParam(0.1), TypeParam(-0.7), 2, 3});
  const Var loss = sum(tanh(x * x) * sigmoid(x) + x * x);
  const std::size_t size = this->tape.size();
  const auto first = this->gradient(loss, x);
  const auto second = this->gradient(loss, x);
  EXPECT_TRUE(std::ranges::equal(first.values(), second.values()));
  EXPECT_EQ(this->tape.size(), size) << "gradients() leaves nothing on the tape";
  const auto recorded = this->tape.value(this->tape.recorded_gradients(loss, std::array{x})[0]);
  EXPECT_TRUE(std::ranges::equal(first.values(), recorded.values()));
  const auto third = this->gradient(loss, x);
  EXPECT_TRUE(std::ranges::equal(first.values(), third.values()));
}

TYPED_TEST(TapeGradient, GradientsDoNotTouchTheValues) {
  const Var x = this->leaf({2}, {3, 4});
  const Var y = x + x;
  const Var loss = sum(y + y + x);
  this->gradient(loss, x);
  EXPECT_THAT(this->tape.value(x).values(), ElementsAre(3, 4));
  EXPECT_THAT(this->tape.value(y).values(), ElementsAre(6, 8));
  EXPECT_EQ(this->tape.value(loss).item(), 35);
}

// The caller clips and adds gradients in place, which must not reach another gradient.
TYPED_TEST(TapeGradient, GradientsShareNoMemory) {
  const Var a = this->leaf({2}, {1, 2}), b = this->leaf({2}, {3, 4});
  auto g = this->tape.gradients(sum(a + b), std::array{a, b, a});
  g[0].data()[0] = TypeParam(100);
  EXPECT_EQ(g[1].data()[0], 1) << "a and b share one tensor";
  EXPECT_EQ(g[2].data()[0], 1) << "the same var asked twice shares one tensor";
}

TYPED_TEST(TapeGradient, SecondDerivativeOfACube) {
  const Var x = this->leaf({3}, {2, -3, 0.5});
  const Var first = this->tape.recorded_gradients(sum(x * x * x), std::array{x})[0];
  EXPECT_THAT(this->tape.value(first).values(), ElementsAre(12, 27, 0.75));
  const Var second = this->tape.recorded_gradients(sum(first), std::array{x})[0];
  EXPECT_THAT(this->tape.value(second).values(), ElementsAre(12, -18, 3));
  const Var third = this->tape.recorded_gradients(sum(second), std::array{x})[0];
  EXPECT_THAT(this->tape.value(third).values(), ElementsAre(6, 6, 6));
  EXPECT_THAT(this->gradient(sum(third), x).values(), ElementsAre(0, 0, 0));
}

TYPED_TEST(TapeGradient, MixedSecondDerivative) {
  const Var x = this->leaf({}, {3}), y = this->leaf({}, {5});
  // d2/dxdy of x^2 y = 2 x
  const Var dx = this->tape.recorded_gradients(x * x * y, std::array{x})[0];
  EXPECT_EQ(this->gradient(dx, y).item(), 6);
  EXPECT_EQ(this->gradient(dx, x).item(), 10);
}

TYPED_TEST(TapeGradient, ThirdDerivativeOfTheSine) {
  const TypeParam at = TypeParam(0.7);
  const Var x = this->leaf({}, {at});
  Var derivative = sin(x);
  for (int i = 0; i < 3; ++i) {
    derivative = this->tape.recorded_gradients(derivative, std::array{x})[0];
  }
  EXPECT_NEAR(this->tape.value(derivative).item(), -std::cos(at),
              4.0 * static_cast<double>(std::numeric_limits<TypeParam>::epsilon()));
}

TYPED_TEST(TapeGradient, ManyUsesOfOneValueAddUp) {
  const Var x = this->leaf({1}, {1});
  Var total = x;
  for (int i = 1; i < 1000; ++i) total = total + x;
  EXPECT_EQ(this->gradient(sum(total), x).item(), 1000);
}

}  // namespace
}  // namespace carousel
