#include "layer/losses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "layer/linear.hpp"
#include "tape/gradient_check.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

// Two steps of two sequences, the second one step long.
const std::vector<double> logits = {0.5, -1.0, 2.0, 0.1, -0.3, 0.7, 9.0, -9.0};
const std::vector<double> mask = {1, 1, 1, 0};

class Losses : public testing::Test {
 protected:
  Var values(const std::vector<double>& v) {
    return tape_.leaf(Tensor<double>::from({2, 2, 2}, v));
  }
  Var steps(const std::vector<double>& v) {
    return tape_.constant(Tensor<double>::from({2, 2}, v));
  }
  Tape<double> tape_;
};

TEST_F(Losses, BernoulliIsTheSumOverOutputsAndScoredSteps) {
  const std::vector<double> targets = {1, 0, 0, 1, 1, 1, 0, 0};
  double expected = 0.0;
  for (std::size_t i = 0; i < 6; ++i) {  // the last step of the second sequence is padding
    const double p = 1.0 / (1.0 + std::exp(-logits[i]));
    expected -= targets[i] * std::log(p) + (1.0 - targets[i]) * std::log(1.0 - p);
  }
  const Var loss = sum(bernoulli_nll(values(logits), values(targets), steps(mask)));
  EXPECT_NEAR(tape_.value(loss).item(), expected, 1e-14);
}

TEST_F(Losses, BernoulliStaysFiniteFarOut) {
  const Var x = values({1000, -1000, 1000, -1000, 0, 0, 0, 0});
  const Var y = values({1, 0, 0, 1, 0, 0, 0, 0});
  EXPECT_DOUBLE_EQ(tape_.value(sum(bernoulli_nll(x, y, steps({1, 1, 0, 0})))).item(), 2000.0);
}

TEST_F(Losses, SoftmaxIsTheNegativeLogProbabilityOfTheLabel) {
  const std::vector<double> labels = {1, 0, 0, 1};
  double expected = 0.0;
  for (std::size_t row = 0; row < 3; ++row) {
    const double a = std::exp(logits[2 * row]);
    const double b = std::exp(logits[2 * row + 1]);
    expected -= std::log((labels[row] == 0 ? a : b) / (a + b));
  }
  const Var loss = sum(softmax_nll(values(logits), steps(labels), steps(mask)));
  EXPECT_NEAR(tape_.value(loss).item(), expected, 1e-14);
}

TEST_F(Losses, SquaredErrorIsTheMeanOverScoredOutputs) {
  const std::vector<double> targets = {1, 0, 0, 1, 1, 1, 0, 0};
  double expected = 0.0;
  for (std::size_t i = 0; i < 6; ++i) expected += std::pow(logits[i] - targets[i], 2) / 6.0;
  const Var loss = mean_squared_error(values(logits), values(targets), steps(mask));
  EXPECT_NEAR(tape_.value(loss).item(), expected, 1e-14);
}

TEST_F(Losses, PaddingGetsNoGradient) {
  const Var x = values(logits);
  const auto gradient = tape_.gradients(
      sum(bernoulli_nll(x, values({1, 0, 0, 1, 1, 1, 1, 1}), steps(mask))), std::vector{x})[0];
  EXPECT_NE(gradient.data()[5], 0.0);
  EXPECT_EQ(gradient.data()[6], 0.0);
  EXPECT_EQ(gradient.data()[7], 0.0);
}

TEST_F(Losses, ShapesThatDoNotFitAreNamed) {
  const Var x = values(logits);
  const Var wrong = tape_.constant(Tensor<double>::zeros({2, 3}));
  EXPECT_THAT(error_of<InputError>([&] { bernoulli_nll(x, x, wrong); }),
              testing::AllOf(HasSubstr("[2, 2, 2]"), HasSubstr("[2, 3]")));
  EXPECT_THAT(error_of<InputError>([&] {
                softmax_nll(x, steps({0, 1, 2, 0}), steps(mask));
              }),
              HasSubstr("got the index 2 at position 2, expected a whole number in [0, 2)"));
}

TEST(LossGradients, MatchDifferences) {
  const auto in = [](const char* name) {
    return initialise<double>(Initialiser::normal(1.0), {2, 2, 2},
                              Random(1, std::string_view(name)));
  };
  const auto steps = [](Tape<double>& tape, const std::vector<double>& v) {
    return tape.constant(Tensor<double>::from({2, 2}, v));
  };
  const std::vector<ScalarFunction> losses = {
      [&](Tape<double>& t, const std::vector<Var>& v) {
        return sum(bernoulli_nll(v[0], v[1], steps(t, mask)));
      },
      [&](Tape<double>& t, const std::vector<Var>& v) {
        return sum(softmax_nll(v[0], steps(t, {1, 0, 0, 1}), steps(t, mask))) + 0.0 * sum(v[1]);
      },
      [&](Tape<double>& t, const std::vector<Var>& v) {
        return mean_squared_error(v[0], v[1], steps(t, mask));
      }};
  for (const auto& loss : losses) {
    const auto error = check_gradients(loss, {in("a"), in("b")});
    EXPECT_LE(error.worst, 1e-6) << error.where;
  }
}

TEST(Linear, IsWxPlusB) {
  Tape<double> tape;
  const Linear layer("output", 2, 3);
  EXPECT_EQ(layer.parameters()[0].name, "output/W");
  const std::vector<Var> parameters = {
      tape.constant(Tensor<double>::from({3, 2}, {1, 2, 3, 4, 5, 6})),
      tape.constant(Tensor<double>::from({3}, {10, 20, 30}))};
  const Var y = layer.forward(parameters, tape.constant(Tensor<double>::from({1, 1, 2}, {1, -1})));
  const auto out = tape.value(y);
  EXPECT_EQ(out.shape(), (Shape{1, 1, 3}));
  EXPECT_EQ(std::vector<double>(out.values().begin(), out.values().end()),
            (std::vector<double>{9, 19, 29}));
}

TEST(Embedding, TakesRowsAndSumsTheirGradients) {
  Tape<double> tape;
  const Embedding layer("symbols", 3, 2);
  const Var table = tape.leaf(Tensor<double>::from({3, 2}, {1, 2, 3, 4, 5, 6}));
  const Var index = tape.constant(Tensor<double>::from({3, 1}, {2, 0, 2}));
  const Var y = layer.forward(std::vector{table}, index);
  const auto out = tape.value(y);
  EXPECT_EQ(out.shape(), (Shape{3, 1, 2}));
  EXPECT_EQ(out.data()[0], 5.0);
  const auto gradient = tape.gradients(sum(y), std::vector{table})[0];
  EXPECT_EQ(std::vector<double>(gradient.values().begin(), gradient.values().end()),
            (std::vector<double>{1, 1, 0, 0, 2, 2}));
  const Var beyond = tape.constant(Tensor<double>::from({1}, {3}));
  EXPECT_THROW(layer.forward(std::vector{table}, beyond), InputError);
}

}  // namespace
}  // namespace carousel
