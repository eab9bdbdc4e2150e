// The checker must find what is wrong, or the tests that lean on it prove nothing.

#include "tape/gradient_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <class T>
void square_kernel(const KernelCall<T>& call) {
  for (Index i = 0; i < call.out.numel(); ++i) {
    call.out.data()[i] = call.in[0]->data()[i] * call.in[0]->data()[i];
  }
}

// x^2 with a derivative of the test's own.
Op square_with(Var (*derivative)(const DerivativeCall&)) {
  return {"test_square",
          "x^2",
          1,
          [](const ShapeCall& call) { return *call.in[0]; },
          square_kernel<float>,
          square_kernel<double>,
          derivative,
          {}};
}

ScalarFunction sum_of(const Op& op) {
  return [&op](Tape<double>&, const std::vector<Var>& in) {
    return sum(carousel::apply(op, std::array{in[0]}));
  };
}

const Tensor<double> point = Tensor<double>::from({3}, {0.5, -1.25, 2.0});

TEST(GradientCheck, PassesARightDerivative) {
  const Op op = square_with([](const DerivativeCall& d) { return d.grad * 2.0 * d.in[0]; });
  EXPECT_LE(check_gradients(sum_of(op), {point}).worst, 1e-9);
  EXPECT_LE(check_gradients(weighted_gradients(sum_of(op)), {point}).worst, 1e-9);
}

TEST(GradientCheck, FlagsAWrongFactor) {
  const Op op = square_with([](const DerivativeCall& d) { return d.grad * 3.0 * d.in[0]; });
  const GradientError error = check_gradients(sum_of(op), {point});
  EXPECT_NEAR(error.worst, 1.0 / 3.0, 1e-6);
  EXPECT_THAT(error.where,
              AllOf(HasSubstr("input 0"), HasSubstr("tape"), HasSubstr("differences")));
}

TEST(GradientCheck, FlagsAnErrorOfATenthOfAPercent) {
  const Op op = square_with([](const DerivativeCall& d) { return d.grad * 2.002 * d.in[0]; });
  EXPECT_NEAR(check_gradients(sum_of(op), {point}).worst, 1e-3, 1e-5);
}

TEST(GradientCheck, FlagsAMissingDerivative) {
  const Op op = square_with([](const DerivativeCall&) { return Var{}; });
  EXPECT_NEAR(check_gradients(sum_of(op), {point}).worst, 1.0, 1e-6);
}

TEST(GradientCheck, TellsTheElement) {
  const Op op = square_with([](const DerivativeCall& d) {  // wrong where x > 1
    return d.grad * (2.0 * d.in[0] + less(constant(*d.grad.graph, 1.0), d.in[0]));
  });
  EXPECT_THAT(
      check_gradients(sum_of(op), {point}).where,
      AllOf(HasSubstr("input 0, element 2"), HasSubstr("tape 5"), HasSubstr("differences")));
}

// Right in the first derivative, wrong in the second: it depends on x behind the tape's back.
TEST(GradientCheck, WeightedGradientsFlagAWrongSecondDerivative) {
  const Op op =
      square_with([](const DerivativeCall& d) { return d.grad * 2.0 * stop_gradient(d.in[0]); });
  EXPECT_LE(check_gradients(sum_of(op), {point}).worst, 1e-9);
  EXPECT_NEAR(check_gradients(weighted_gradients(sum_of(op)), {point}).worst, 1.0, 1e-6);
}

TEST(GradientCheck, LooksOnlyAtTheCheckedInputs) {
  const ScalarFunction function = [](Tape<double>&, const std::vector<Var>& in) {
    return sum(in[0] * stop_gradient(in[1]));
  };
  EXPECT_LE(check_gradients(function, {point, point}, 1).worst, 1e-9);
  EXPECT_NEAR(check_gradients(function, {point, point}).worst, 1.0, 1e-6);
  EXPECT_THAT(check_gradients(function, {point, point}).where, HasSubstr("input 1"));
}

TEST(GradientCheck, LeavesTheInputsAlone) {
  const auto input = Tensor<double>::from({2}, {1.0, 2.0});
  const auto before = input.clone();
  check_gradients([](Tape<double>&, const std::vector<Var>& in) { return sum(exp(in[0])); },
                  {input});
  EXPECT_TRUE(std::ranges::equal(input.values(), before.values()));
}

// NaN compares false with everything: a later good element must not wash it away.
TEST(GradientCheck, FlagsANanWhereverItIs) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t at = 0; at < 3; ++at) {
    std::vector<double> factor(3, 2.0);
    factor[at] = nan;
    static Tensor<double> factors;
    factors = Tensor<double>::from({3}, factor);
    const Op op = square_with([](const DerivativeCall& d) {
      auto& tape = dynamic_cast<Tape<double>&>(*d.grad.graph);
      return d.grad * tape.constant(factors) * d.in[0];
    });
    const GradientError error = check_gradients(sum_of(op), {point});
    EXPECT_FALSE(error.worst <= 1e-6) << "NaN at " << at << ": " << error.where;
  }
}

}  // namespace
}  // namespace carousel
