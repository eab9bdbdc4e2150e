// Forward values of the ops that are not elementwise, on examples small enough to do by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "op/functions.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

template <class T>
class OpValue : public testing::Test {
 protected:
  Tape<T> tape;

  Var in(const Shape& shape, const std::vector<T>& values) {
    return tape.constant(Tensor<T>::from(shape, values));
  }
  // first, first + 1, ...
  Var count(const Shape& shape, int first = 1) {
    auto t = Tensor<T>::uninitialised(shape);
    for (Index i = 0; i < t.numel(); ++i) t.data()[i] = static_cast<T>(first + static_cast<int>(i));
    return tape.constant(t);
  }
  void expect(Var got, const Shape& shape, const std::vector<T>& values) {
    const Tensor<T> t = tape.value(got);
    EXPECT_EQ(t.shape(), shape) << t.shape().to_string();
    EXPECT_THAT(t.values(), testing::ElementsAreArray(values));
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(OpValue, Types);

TYPED_TEST(OpValue, MatmulInAllFourTransposes) {
  // [1 2 3; 4 5 6] @ [1 2; 3 4; 5 6]
  const Var a = this->count({2, 3}), b = this->count({3, 2});
  const Var at = this->in({3, 2}, {1, 4, 2, 5, 3, 6}), bt = this->in({2, 3}, {1, 3, 5, 2, 4, 6});
  this->expect(matmul(a, b), {2, 2}, {22, 28, 49, 64});
  this->expect(matmul(at, b, true, false), {2, 2}, {22, 28, 49, 64});
  this->expect(matmul(a, bt, false, true), {2, 2}, {22, 28, 49, 64});
  this->expect(matmul(at, bt, true, true), {2, 2}, {22, 28, 49, 64});
}

TYPED_TEST(OpValue, MatmulOfABatchWithOneMatrix) {
  const Var a = this->count({2, 2, 2});  // [1 2; 3 4], [5 6; 7 8]
  const Var b = this->in({2, 3}, {1, 0, 2, 0, 1, 1});
  this->expect(matmul(a, b), {2, 2, 3}, {1, 2, 4, 3, 4, 10, 5, 6, 16, 7, 8, 22});
  this->expect(matmul(a, b, true, false), {2, 2, 3}, {1, 3, 5, 2, 4, 8, 5, 7, 17, 6, 8, 20});
  const Var bt = this->in({3, 2}, {1, 0, 0, 1, 2, 1});
  this->expect(matmul(a, bt, false, true), {2, 2, 3}, {1, 2, 4, 3, 4, 10, 5, 6, 16, 7, 8, 22});
  this->expect(matmul(a, bt, true, true), {2, 2, 3}, {1, 3, 5, 2, 4, 8, 5, 7, 17, 6, 8, 20});
}

TYPED_TEST(OpValue, MatmulOfOneMatrixWithABatch) {
  const Var a = this->in({3, 2}, {1, 0, 0, 1, 1, 1}), at = this->in({2, 3}, {1, 0, 1, 0, 1, 1});
  const Var b = this->count({2, 2, 2});  // [1 2; 3 4], [5 6; 7 8]
  const std::vector<TypeParam> expected = {1, 2, 3, 4, 4, 6, 5, 6, 7, 8, 12, 14};
  this->expect(matmul(a, b), {2, 3, 2}, expected);
  this->expect(matmul(at, b, true, false), {2, 3, 2}, expected);
  this->expect(matmul(a, transpose(b), false, true), {2, 3, 2}, expected);
  this->expect(matmul(a, this->count({1, 2, 2, 1})), {1, 2, 3, 1}, {1, 2, 3, 3, 4, 7});
}

TYPED_TEST(OpValue, MatmulOfTwoBatches) {
  const Var a = this->count({2, 1, 2});                         // [1 2], [3 4]
  const Var b = this->in({2, 2, 2}, {1, 0, 0, 1, 0, 2, 3, 0});  // I, [0 2; 3 0]
  this->expect(matmul(a, b), {2, 1, 2}, {1, 2, 12, 6});
  this->expect(matmul(a, b, false, true), {2, 1, 2}, {1, 2, 8, 9});
  const Var column = this->count({2, 2, 1});
  this->expect(matmul(column, b, true, false), {2, 1, 2}, {1, 2, 12, 6});
}

TYPED_TEST(OpValue, MatmulOverNothingIsZero) {
  this->expect(matmul(this->in({2, 0}, {}), this->in({0, 2}, {})), {2, 2}, {0, 0, 0, 0});
  this->expect(matmul(this->in({0, 3}, {}), this->count({3, 2})), {0, 2}, {});
}

TYPED_TEST(OpValue, LinearIsTheMatrixTimesEachRow) {
  const Var x = this->count({2, 2});
  const Var w = this->in({3, 2}, {1, 0, 0, 1, 1, 1});
  this->expect(linear(x, w), {2, 3}, {1, 2, 3, 3, 4, 7});
  this->expect(linear(this->count({1, 2, 2}), w), {1, 2, 3}, {1, 2, 3, 3, 4, 7});
}

TYPED_TEST(OpValue, TransposeSwapsTheLastTwoAxes) {
  this->expect(transpose(this->count({2, 3})), {3, 2}, {1, 4, 2, 5, 3, 6});
  this->expect(transpose(this->count({2, 2, 3})), {2, 3, 2},
               {1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12});
}

TYPED_TEST(OpValue, ReshapeKeepsTheOrder) {
  this->expect(reshape(this->count({2, 3}), {3, 2}), {3, 2}, {1, 2, 3, 4, 5, 6});
  this->expect(reshape(this->in({1, 1}, {7}), {}), {}, {7});
}

TYPED_TEST(OpValue, SliceAlongEachAxis) {
  const Var x = this->count({3, 2, 3});
  this->expect(slice(x, 0, 1, 1), {1, 2, 3}, {7, 8, 9, 10, 11, 12});
  this->expect(slice(x, 1, 1, 1), {3, 1, 3}, {4, 5, 6, 10, 11, 12, 16, 17, 18});
  this->expect(slice(x, 2, 1, 2), {3, 2, 2}, {2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18});
  this->expect(slice(x, -1, 0, 1), {3, 2, 1}, {1, 4, 7, 10, 13, 16});
  this->expect(slice(x, -3, 2, 1), {1, 2, 3}, {13, 14, 15, 16, 17, 18});
}

TYPED_TEST(OpValue, PadAlongEachAxis) {
  const Var x = this->count({2, 1, 2});
  this->expect(pad(x, 0, 1, 4), {4, 1, 2}, {0, 0, 1, 2, 3, 4, 0, 0});
  this->expect(pad(x, 1, 1, 2), {2, 2, 2}, {0, 0, 1, 2, 0, 0, 3, 4});
  this->expect(pad(x, 2, 0, 3), {2, 1, 3}, {1, 2, 0, 3, 4, 0});
  this->expect(pad(x, -1, 1, 3), {2, 1, 3}, {0, 1, 2, 0, 3, 4});
}

TYPED_TEST(OpValue, ConcatAlongEachAxis) {
  const Var a = this->count({1, 2, 2}), b = this->count({1, 2, 2}, 5);
  this->expect(concat(std::array{a, b}, 0), {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  this->expect(concat(std::array{a, b}, 1), {1, 4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  this->expect(concat(std::array{a, b}, 2), {1, 2, 4}, {1, 2, 5, 6, 3, 4, 7, 8});
  const Var narrow = this->in({1, 2, 1}, {-1, -2});
  this->expect(concat(std::array{a, narrow, b}, -1), {1, 2, 5}, {1, 2, -1, 5, 6, 3, 4, -2, 7, 8});
  this->expect(concat(std::array{a}, 0), {1, 2, 2}, {1, 2, 3, 4});
}

TYPED_TEST(OpValue, GatherTakesRowsInAnyOrderAndTwice) {
  const Var table = this->count({3, 2});
  this->expect(gather_rows(table, this->in({2, 2}, {2, 0, 2, 1})), {2, 2, 2},
               {5, 6, 1, 2, 5, 6, 3, 4});
  this->expect(gather_rows(table, this->in({}, {1})), {2}, {3, 4});
}

TYPED_TEST(OpValue, ScatterSumsRowsOfTheSameIndex) {
  this->expect(scatter_rows(this->count({3, 2}), this->in({3}, {2, 0, 2}), 4), {4, 2},
               {3, 4, 0, 0, 6, 8, 0, 0});
}

TYPED_TEST(OpValue, PickAndUnpick) {
  const Var index = this->in({2}, {2, 0});
  this->expect(pick(this->count({2, 3}), index), {2}, {3, 4});
  this->expect(unpick(this->count({2}), index, 3), {2, 3}, {0, 0, 1, 2, 0, 0});
  this->expect(pick(this->count({2, 1, 2}), this->in({2, 1}, {1, 0})), {2, 1}, {2, 3});
}

TYPED_TEST(OpValue, SumToOverAnyAxes) {
  const Var x = this->count({2, 3, 2});
  this->expect(sum_to(x, {2, 3, 1}), {2, 3, 1}, {3, 7, 11, 15, 19, 23});
  this->expect(sum_to(x, {2, 1, 2}), {2, 1, 2}, {9, 12, 27, 30});
  this->expect(sum_to(x, {3, 2}), {3, 2}, {8, 10, 12, 14, 16, 18});
  this->expect(sum_to(x, {2}), {2}, {36, 42});
  this->expect(sum_to(x, {1, 3, 1}), {1, 3, 1}, {18, 26, 34});  // two runs of summed axes
  this->expect(sum_to(x, {3, 1}), {3, 1}, {18, 26, 34});
  this->expect(sum_to(x, {1}), {1}, {78});
  this->expect(sum(x), {}, {78});
  this->expect(sum_to(x, {2, 3, 2}), {2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TYPED_TEST(OpValue, SumsOfNothingAreZero) {
  this->expect(sum(this->in({2, 0}, {})), {}, {0});
  this->expect(sum_to(this->in({0, 2}, {}), {1, 2}), {1, 2}, {0, 0});
}

TYPED_TEST(OpValue, MeanDividesByTheCount) { this->expect(mean(this->count({2, 4})), {}, {4.5}); }

TYPED_TEST(OpValue, BroadcastToRepeats) {
  this->expect(broadcast_to(this->count({2}), {3, 2}), {3, 2}, {1, 2, 1, 2, 1, 2});
  this->expect(broadcast_to(this->count({2, 1}), {2, 3}), {2, 3}, {1, 1, 1, 2, 2, 2});
  this->expect(broadcast_to(this->count({2, 1, 2}), {2, 2, 2}), {2, 2, 2},
               {1, 2, 1, 2, 3, 4, 3, 4});
  this->expect(broadcast_to(this->in({}, {9}), {2, 2}), {2, 2}, {9, 9, 9, 9});
}

TYPED_TEST(OpValue, LogsumexpOverTheLastAxis) {
  using T = TypeParam;
  const double tolerance = 8.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  // log(1 + 2 + 3), log(4 + 5 + 6)
  const Var x = log(this->count({2, 3}));
  const Tensor<T> y = this->tape.value(logsumexp(x));
  ASSERT_EQ(y.shape(), (Shape{2, 1}));
  EXPECT_NEAR(y.data()[0], std::log(6.0), tolerance);
  EXPECT_NEAR(y.data()[1], std::log(15.0), tolerance);
  this->expect(logsumexp(this->in({2, 1}, {-3, 1000})), {2, 1}, {-3, 1000});
}

TYPED_TEST(OpValue, RowMaxGoesToTheFirstOfEqualElements) {
  const Var x = this->in({2, 3}, {1, 5, 5, -2, -7, -2});
  this->expect(row_max(x), {2, 1}, {5, -2});
  this->expect(first_max(x), {2, 3}, {0, 1, 0, 1, 0, 0});
  this->expect(row_max(this->count({4})), {1}, {4});
  const Var leaf = this->tape.leaf(this->tape.value(x));
  const Var weighted = sum(row_max(leaf) * this->in({2, 1}, {3, -2}));
  const auto gradient = this->tape.gradients(weighted, std::array{leaf})[0];
  EXPECT_THAT(gradient.values(), testing::ElementsAre(0, 3, 0, -2, 0, 0));
}

TYPED_TEST(OpValue, SoftmaxOverTheLastAxis) {
  using T = TypeParam;
  const Tensor<T> y = this->tape.value(softmax(log(this->count({2, 3}))));
  ASSERT_EQ(y.shape(), (Shape{2, 3}));
  const double expected[] = {1 / 6.0, 2 / 6.0, 3 / 6.0, 4 / 15.0, 5 / 15.0, 6 / 15.0};
  const double tolerance = 4.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (Index i = 0; i < 6; ++i) EXPECT_NEAR(y.data()[i], expected[i], tolerance) << i;
  this->expect(softmax(this->in({2, 1}, {-3, 1000})), {2, 1}, {1, 1});
}

TYPED_TEST(OpValue, CumsumInBothDirections) {
  const Var x = this->count({2, 3});
  this->expect(cumsum(x), {2, 3}, {1, 3, 6, 4, 9, 15});
  this->expect(cumsum(x, true), {2, 3}, {6, 5, 3, 15, 11, 6});
}

TYPED_TEST(OpValue, ArangeCountsFromZero) {
  this->expect(arange(this->tape, 4), {4}, {0, 1, 2, 3});
  this->expect(arange(this->tape, 0), {0}, {});
}

// A rotation generator and a nilpotent matrix: e^A in closed form.
TYPED_TEST(OpValue, ExpmOfARotationAndANilpotentMatrix) {
  using T = TypeParam;
  const Tensor<T> turn = this->tape.value(expm(this->in({2, 2}, {0, -2, 2, 0})));
  const double expected[] = {std::cos(2.0), -std::sin(2.0), std::sin(2.0), std::cos(2.0)};
  const double tolerance = 4.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (Index i = 0; i < 4; ++i) EXPECT_NEAR(turn.data()[i], expected[i], tolerance) << i;
  const Tensor<T> shear = this->tape.value(expm(this->in({2, 2}, {0, 3, 0, 0})));
  const double sheared[] = {1, 3, 0, 1};
  for (Index i = 0; i < 4; ++i) EXPECT_NEAR(shear.data()[i], sheared[i], tolerance) << i;
}

TYPED_TEST(OpValue, InverseOfAMatrix) {
  this->expect(inverse(this->in({2, 2}, {0, 2, 4, 0})), {2, 2}, {0, 0.25, 0.5, 0});
}

TYPED_TEST(OpValue, InverseOfEachMatrixAndNanWhereThereIsNone) {
  const Tensor<TypeParam> got =
      this->tape.value(inverse(this->in({2, 2, 2}, {1, 2, 2, 4, 0, 2, 4, 0})));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::isnan(got.data()[i])) << i;
  const TypeParam second[] = {0, 0.25, 0.5, 0};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(got.data()[4 + i], second[i]) << i;
}

TYPED_TEST(OpValue, SolveEachSystemAndNanWhereThereIsNoSolution) {
  // [0 2; 4 0] x = [2 4; 4 8], by itself and turned
  const Var a = this->in({1, 2, 2}, {0, 2, 4, 0}), b = this->in({1, 2, 2}, {2, 4, 4, 8});
  this->expect(solve(a, b), {1, 2, 2}, {1, 2, 1, 2});
  this->expect(solve(a, b, true), {1, 2, 2}, {2, 4, 0.5, 1});
  // [1 2; 3 4] x = [5; 11] has (1, 2); turned, [1 3; 2 4] x = [7; 10] has (1, 2)
  const Var c = this->count({2, 2});
  const Tensor<TypeParam> x = this->tape.value(solve(c, this->in({2, 1}, {5, 11})));
  const Tensor<TypeParam> y = this->tape.value(solve(c, this->in({2, 1}, {7, 10}), true));
  for (const auto& solution : {x, y}) {
    EXPECT_NEAR(solution.data()[0], 1, 1e-6);
    EXPECT_NEAR(solution.data()[1], 2, 1e-6);
  }
  const auto none = this->tape.value(solve(this->in({2, 2}, {1, 1, 1, 1}), this->count({2, 1})));
  EXPECT_TRUE(std::isnan(none.data()[0]) && std::isnan(none.data()[1]));
}

TYPED_TEST(OpValue, OrderIsStableAndPutsNanLast) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  const Var x = this->in({2, 4}, {3, 1, 3, 2, nan, 5, -1, nan});
  this->expect(order(x), {2, 4}, {1, 3, 0, 2, 2, 1, 0, 3});
  this->expect(order(x, true), {2, 4}, {0, 2, 3, 1, 1, 2, 0, 3});
}

TYPED_TEST(OpValue, ElementsAlongRowsByIndex) {
  const Var x = this->count({2, 3}), index = this->in({2, 2}, {2, 0, 1, 1});
  this->expect(take_along(x, index), {2, 2}, {3, 1, 5, 5});
  this->expect(put_along(this->count({2, 2}), index, 3), {2, 3}, {2, 0, 1, 0, 7, 0});
}

// The side of where() that is not taken has a slope that is infinite or NaN, and passes nothing.
TYPED_TEST(OpValue, ACotangentOfZeroStaysZeroBehindAnEdge) {
  using T = TypeParam;
  const Var u = this->tape.leaf(Tensor<T>::from({3}, {T(-1), T(0), T(4)}));
  const Var zero = constant(this->tape, 0.0), taken = less(zero, u);
  const auto slopes = [&](Var y) { return this->tape.gradients(sum(y), std::array{u})[0]; };
  EXPECT_THAT(slopes(where(taken, sqrt(u), zero)).values(), testing::ElementsAre(0, 0, T(0.25)));
  EXPECT_THAT(slopes(where(taken, log(u), zero)).values(), testing::ElementsAre(0, 0, T(0.25)));
  EXPECT_THAT(slopes(where(taken, 8.0 / u, zero)).values(), testing::ElementsAre(0, 0, T(-0.5)));
  EXPECT_EQ(slopes(sqrt(u)).data()[1], std::numeric_limits<T>::infinity());
}

TYPED_TEST(OpValue, PowAtItsEdges) {
  using T = TypeParam;
  const auto a = this->tape.leaf(Tensor<T>::from({4}, {T(0), T(0), T(-2), T(4)}));
  const auto b = this->tape.leaf(Tensor<T>::from({4}, {T(0), T(3), T(3), T(0.5)}));
  const Var y = pow(a, b);
  const T expected[] = {1, 0, -8, 2}, by_a[] = {0, 0, 12, T(0.25)};
  const auto slopes = this->tape.gradients(sum(y), std::array{a, b});
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(this->tape.value(y).data()[i], expected[i], 1e-5) << i;
    EXPECT_NEAR(slopes[0].data()[i], by_a[i], 1e-5) << i;
  }
  EXPECT_EQ(slopes[1].data()[1], 0);
  EXPECT_NEAR(slopes[1].data()[3], 2 * std::log(4.0), 1e-5);
}

// x = 0 and below give the largest slope, not infinity; half of 1000 is at x = 1e-6.
TYPED_TEST(OpValue, SlopeOfClippedSqrtIsAtMostAThousand) {
  using T = TypeParam;
  const auto x = this->tape.leaf(Tensor<T>::from({5}, {T(-1), T(0), T(1e-8), T(1e-6), T(4)}));
  const Var y = clipped_sqrt(x);
  const Tensor<T> values = this->tape.value(y);
  const Tensor<T> slopes = this->tape.gradients(sum(y), std::array{x})[0];
  const double expected[] = {0, 0, 1e-4, 1e-3, 2};
  const double slope[] = {1000, 1000, 1000, 500, 0.25};
  for (Index i = 0; i < 5; ++i) {
    EXPECT_NEAR(values.data()[i], expected[i], 1e-7 * expected[i]) << i;
    EXPECT_NEAR(slopes.data()[i], slope[i], 1e-6 * slope[i]) << i;
  }
}

TYPED_TEST(OpValue, NumbersMixWithVars) {
  const Var x = this->count({2});
  this->expect(x + 1.0, {2}, {2, 3});
  this->expect(1.0 + x, {2}, {2, 3});
  this->expect(x - 1.0, {2}, {0, 1});
  this->expect(1.0 - x, {2}, {0, -1});
  this->expect(x * 3.0, {2}, {3, 6});
  this->expect(3.0 * x, {2}, {3, 6});
  this->expect(x / 2.0, {2}, {0.5, 1});
  this->expect(2.0 / x, {2}, {2, 1});
  this->expect(-x, {2}, {-1, -2});
  this->expect(neg(x), {2}, {-1, -2});
}

// Each function must apply the op of its own name, with the operands in their order.
TYPED_TEST(OpValue, ElementwiseFunctionsApplyTheirOps) {
  const Var x = this->in({3}, {-2, 0, 4}), y = this->in({3}, {1, 0, 2});
  this->expect(relu(x), {3}, {0, 0, 4});
  this->expect(abs(x), {3}, {2, 0, 4});
  this->expect(sign(x), {3}, {-1, 0, 1});
  this->expect(step(x), {3}, {0, 0, 1});
  this->expect(sqrt(abs(this->in({2}, {-9, 4}))), {2}, {3, 2});
  this->expect(stop_gradient(x), {3}, {-2, 0, 4});
  this->expect(clipped_sqrt(x), {3}, {0, 0, 2});
  this->expect(floor(x / 3.0), {3}, {-1, 0, 1});
  this->expect(erf(x * 10.0), {3}, {-1, 0, 1});
  this->expect(maximum(x, y), {3}, {1, 0, 4});
  this->expect(minimum(x, y), {3}, {-2, 0, 2});
  this->expect(less(x, y), {3}, {1, 0, 0});
  this->expect(where(x, y, this->in({}, {-5})), {3}, {1, -5, 2});
  const Var zero = this->in({1}, {0});
  for (Var v : {exp(zero), cos(zero), 2.0 * sigmoid(zero)}) this->expect(v, {1}, {1});
  for (Var v : {sin(zero), tanh(zero), log(exp(zero))}) this->expect(v, {1}, {0});
  EXPECT_NEAR(this->tape.value(softplus(zero)).item(), std::log(2.0), 1e-7);
}

TYPED_TEST(OpValue, OperandsBroadcast) {
  this->expect(this->count({2, 1}) - this->count({3}), {2, 3}, {0, -1, -2, 1, 0, -1});
  this->expect(this->count({2, 2}) * this->in({}, {10}), {2, 2}, {10, 20, 30, 40});
  this->expect(this->in({0, 3}, {}) + this->count({3}), {0, 3}, {});
}

}  // namespace
}  // namespace carousel
