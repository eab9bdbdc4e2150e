// Forward derivatives of the op table, against the way back: <u, J v> = <J^T u, v>.

#include <gtest/gtest.h>

#include <cmath>

#include "op/composites.hpp"
#include "op/table_cases.hpp"
#include "tape/gradient_check.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

Tensor<double> drawn(const Shape& shape, std::uint64_t stream, double low, double high) {
  Random random(5, stream);
  auto values = Tensor<double>::zeros(shape);
  for (double& value : values.values()) value = low + (high - low) * random.uniform();
  return values;
}

double product(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.values().size(); ++i) sum += a.values()[i] * b.values()[i];
  return sum;
}

class OpTangent : public testing::TestWithParam<Case> {};

TEST_P(OpTangent, IsTheTransposeOfTheWayBack) {
  const Op& op = *GetParam().op;
  const Example& example = op.examples[GetParam().example];
  Tape<double> tape;
  std::vector<Var> inputs;
  for (const auto& value : draw_inputs(op, GetParam().example)) inputs.push_back(tape.leaf(value));
  const Var value = apply(op, inputs, example.attributes);
  const auto last = std::min(inputs.size(), std::size_t(op.differentiable_inputs));
  const auto moving = std::span(inputs).first(last);
  // All of them at once, and each alone, so that the others do not move.
  for (std::size_t only = 0; only <= last; ++only) {
    std::vector<Var> wrt, directions;
    for (std::size_t k = 0; k < last; ++k) {
      if (only < last && k != only) continue;
      wrt.push_back(moving[k]);
      directions.push_back(tape.constant(drawn(moving[k].shape(), 10 + k, -1.0, 1.0)));
    }
    if (wrt.empty()) continue;
    const Tensor<double> along = tape.value(tape.tangent(value, wrt, directions));
    const Tensor<double> weights = drawn(value.shape(), 20, -1.0, 1.0);
    ASSERT_EQ(along.shape(), value.shape());
    double expected = 0.0;
    if (tape.needs_gradient(value)) {
      const auto gradients = tape.gradients(sum(value * tape.constant(weights)), wrt);
      for (std::size_t k = 0; k < wrt.size(); ++k) {
        expected += product(gradients[k], tape.value(directions[k]));
      }
    }
    EXPECT_NEAR(product(weights, along), expected, 1e-11 * (1.0 + std::abs(expected)));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, OpTangent, testing::ValuesIn(all_cases()), name_of);

TEST(Tangent, CanBeDifferentiatedAgain) {
  Tape<double> tape;
  const Var x = tape.leaf(Tensor<double>::from({2}, {0.5, -1.5}));
  const Var along = tape.constant(Tensor<double>::from({2}, {2.0, 1.0}));
  const Var moved = tape.tangent(x * x * x, std::array{x}, std::array{along});
  EXPECT_NEAR(tape.value(moved).data()[0], 3 * 0.25 * 2.0, 1e-14);
  EXPECT_NEAR(tape.value(moved).data()[1], 3 * 2.25, 1e-14);
  const auto again = tape.gradients(sum(moved), std::array{x})[0];
  EXPECT_NEAR(again.data()[0], 6 * 0.5 * 2.0, 1e-14);
  EXPECT_NEAR(again.data()[1], 6 * -1.5, 1e-14);
  const Var twice = tape.tangent(moved, std::array{x}, std::array{along});
  EXPECT_NEAR(tape.value(twice).data()[0], 6 * 0.5 * 4.0, 1e-14);
}

TEST(Tangent, OfWhatDoesNotMoveIsZero) {
  Tape<double> tape;
  const Var x = tape.leaf(Tensor<double>::from({2}, {0.5, -1.5}));
  const Var other = tape.leaf(Tensor<double>::from({2}, {1.0, 1.0}));
  const Var moved = tape.tangent(exp(other), std::array{x}, std::array{other});
  EXPECT_EQ(tape.value(moved).data()[0], 0.0);
  const auto product = tape.hessian_product(sum(x), std::array{x}, {tape.value(other)});
  EXPECT_EQ(product[0].data()[1], 0.0) << "a sum is linear";
}

TEST(Tangent, NeedsDirectionsThatFit) {
  Tape<double> tape;
  const Var x = tape.leaf(Tensor<double>::zeros({2})),
            y = tape.constant(Tensor<double>::zeros({3}));
  EXPECT_THROW(tape.tangent(exp(x), std::array{x}, std::array{y}), InputError);
  EXPECT_THROW(tape.tangent(exp(x), std::array{x}, {}), InputError);
}

// Of x^T A x / 2 + exp: A + diag(exp), and the tape is as long as before.
TEST(HessianProduct, IsThatOfTheSecondDerivatives) {
  Tape<double> tape;
  const Tensor<double> a = Tensor<double>::from({2, 2}, {2.0, 1.0, 1.0, 3.0});
  const Var x = tape.leaf(Tensor<double>::from({2, 1}, {0.5, -1.5}));
  const Var loss = sum(x * matmul(tape.constant(a), x)) * 0.5 + sum(exp(x));
  const std::size_t size = tape.size();
  for (int turn = 0; turn < 3; ++turn) {
    const auto product =
        tape.hessian_product(loss, std::array{x}, {Tensor<double>::from({2, 1}, {1.0, -2.0})})[0];
    EXPECT_NEAR(product.data()[0], 2.0 - 2.0 + std::exp(0.5), 1e-13);
    EXPECT_NEAR(product.data()[1], 1.0 - 6.0 - 2.0 * std::exp(-1.5), 1e-13);
    EXPECT_EQ(tape.size(), size);
  }
}

}  // namespace
}  // namespace carousel
