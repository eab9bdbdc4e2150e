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

TEST_F(Losses, SquaredErrorOfAStepIsTheSumOverItsOutputs) {
  const std::vector<double> targets = {1, 0, 0, 1, 1, 1, 0, 0};
  const auto error = tape_.value(squared_error(values(logits), values(targets), steps(mask)));
  ASSERT_EQ(error.shape(), (Shape{2, 2}));
  for (std::size_t k = 0; k < 4; ++k) {
    const double of_step = std::pow(logits[2 * k] - targets[2 * k], 2) +
                           std::pow(logits[2 * k + 1] - targets[2 * k + 1], 2);
    EXPECT_NEAR(error.data()[k], k < 3 ? of_step : 0.0, 1e-14) << k;
  }
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
      },
      [&](Tape<double>& t, const std::vector<Var>& v) {
        const Var weights = steps(t, {1.0, -2.0, 0.5, 3.0});
        return sum(weights * squared_error(v[0], v[1], steps(t, mask)));
      }};
  for (const auto& loss : losses) {
    const auto error = check_gradients(loss, {in("a"), in("b")});
    EXPECT_LE(error.worst, 1e-6) << error.where;
  }
}

// The outputs of two steps of two sequences, and frames of three elements for them.
Tensor<double> mixture_outputs() {
  Tensor<double> x = Tensor<double>::zeros({2, 2, 14});
  for (Index i = 0; i < x.numel(); ++i) x.data()[i] = std::sin(1.7 * double(i) + 0.3);
  return x;
}
Tensor<double> mixture_targets() {
  Tensor<double> y = Tensor<double>::zeros({2, 2, 3});
  for (Index i = 0; i < y.numel(); ++i) y.data()[i] = std::cos(0.9 * double(i));
  return y;
}

// The golden values are PyTorch's, in double:
//   logits, means, a = outputs.split([2, 6, 6], -1)
//   means, a = [v.reshape(2, 2, 3, 2).transpose(-1, -2) for v in (means, a)]
//   normal = Normal(means, torch.exp(7 * torch.tanh(a / 7)))
//   nll = -MixtureSameFamily(Categorical(logits=logits), Independent(normal, 1)).log_prob(targets)
//   torch.autograd.grad(nll.sum(), outputs)[0][0, 0]
TEST(GaussianMixture, AgreesWithPyTorch) {
  const std::vector<double> golden = {3.91198870198, 6.13751191906087, 3.44273012466558,
                                      5.70886855491393};
  const std::vector<double> golden_slope = {
      0.00552102727812364, -0.00552102727812364, -0.0766346596273894, -0.935097673266802,
      0.27042404655473,    -0.01779143327006,    -0.0333893100760271, -0.18971220858256,
      0.224089891245415,   -1.00314724481271,    0.310272160878194,   0.653370593143459,
      0.31786021617568,    0.627439528799828};
  Tape<double> tape;
  const Var x = tape.leaf(mixture_outputs());
  const Var y = tape.constant(mixture_targets());
  const Var all = tape.constant(Tensor<double>::full({2, 2}, 1.0));
  const Var nll = gaussian_mixture_nll(x, y, all);
  const auto slope = tape.gradients(sum(nll), std::vector{x})[0];
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(tape.value(nll).data()[i], golden[i], 1e-13) << i;
  }
  for (std::size_t i = 0; i < 14; ++i) EXPECT_NEAR(slope.data()[i], golden_slope[i], 1e-13) << i;
}

TEST(GaussianMixture, OfOneGaussianIsItsDensity) {
  Tape<double> tape;
  const auto at = [&](const Shape& shape, const std::vector<double>& v) {
    return tape.constant(Tensor<double>::from(shape, v));
  };
  const double deviation = std::exp(7.0 * std::tanh(0.5));
  const Var nll = gaussian_mixture_nll(at({1, 2, 5}, {9, 1, -2, 0, 3.5, 9, 1, -2, 0, 3.5}),
                                       at({1, 2, 2}, {1.5, 4, 0, 0}), at({1, 2}, {1, 0}));
  const double z = 6.0 / deviation;
  EXPECT_NEAR(tape.value(nll).data()[0],
              0.5 * 0.25 + 0.5 * z * z + std::log(deviation) + std::log(2.0 * M_PI), 1e-13);
  EXPECT_EQ(tape.value(nll).data()[1], 0.0);
}

// Logits, means, deviations and frames far out, alone and together, in the precision of training.
TEST(GaussianMixture, StaysFiniteFarOut) {
  for (int far = 1; far < 16; ++far) {
    for (const float sign : {-1.0f, 1.0f}) {
      const auto value = [&](int bit) { return far & bit ? 1e4f * sign : 0.5f; };
      const float l = value(1), m = value(2), a = value(4), y = value(8);
      Tape<float> tape;
      const Var x = tape.leaf(Tensor<float>::from({1, 1, 6}, {l, -l, m, -m, a, a}));
      const Var nll = gaussian_mixture_nll(x, tape.constant(Tensor<float>::from({1, 1, 1}, {y})),
                                           tape.constant(Tensor<float>::full({1, 1}, 1.0f)));
      const auto slope = tape.gradients(sum(nll), std::vector{x})[0];
      EXPECT_TRUE(std::isfinite(tape.value(nll).item())) << far;
      for (const float g : slope.values()) EXPECT_TRUE(std::isfinite(g)) << far;
    }
  }
}

TEST(GaussianMixture, GradientsMatchDifferences) {
  Tensor<double> far = mixture_outputs();
  for (double& v : far.values()) v *= 4.0;
  for (const Tensor<double>& outputs : {mixture_outputs(), far}) {
    const ScalarFunction loss = [](Tape<double>& t, const std::vector<Var>& v) {
      return sum(gaussian_mixture_nll(v[0], v[1], t.constant(Tensor<double>::from({2, 2}, mask))));
    };
    const auto error = check_gradients(loss, {outputs, mixture_targets()});
    EXPECT_LE(error.worst, 1e-6) << error.where;
    const auto second = check_gradients(weighted_gradients(loss), {outputs, mixture_targets()});
    EXPECT_LE(second.worst, 1e-6) << second.where;
  }
}

TEST(GaussianMixture, RefusesPartsOfComponents) {
  Tape<double> tape;
  const auto zeros = [&](const Shape& shape) {
    return tape.constant(Tensor<double>::zeros(shape));
  };
  for (const Index outputs : {6, 13, 15}) {
    EXPECT_THAT(error_of<InputError>([&] {
                  gaussian_mixture_nll(zeros({2, 2, outputs}), zeros({2, 2, 3}), zeros({2, 2}));
                }),
                HasSubstr("expected a multiple of 7"));
  }
  EXPECT_THAT(error_of<InputError>([&] {
                gaussian_mixture_nll(zeros({2, 2, 14}), zeros({2, 3, 3}), zeros({2, 2}));
              }),
              testing::AllOf(HasSubstr("[2, 3, 3]"), HasSubstr("[2, 2]")));
}

TEST(Linear, IsWxPlusB) {
  Tape<double> tape;
  const Linear layer("output", 2, 3);
  EXPECT_EQ(layer.parameters()[0].name, "output/W");
  const std::vector<Var> parameters = {
      tape.constant(Tensor<double>::from({3, 2}, {1, 2, 3, 4, 5, 6})),
      tape.constant(Tensor<double>::from({3}, {10, 20, 30}))};
  const Pass pass(tape, {layer.parameters(), parameters});
  const Var y = layer.forward(pass, tape.constant(Tensor<double>::from({1, 1, 2}, {1, -1})));
  const auto out = tape.value(y);
  EXPECT_EQ(out.shape(), (Shape{1, 1, 3}));
  EXPECT_EQ(std::vector<double>(out.values().begin(), out.values().end()),
            (std::vector<double>{9, 19, 29}));
}

TEST(Embedding, TakesRowsAndSumsTheirGradients) {
  Tape<double> tape;
  const Embedding layer("symbols", 3, 2);
  const std::vector<Var> table{tape.leaf(Tensor<double>::from({3, 2}, {1, 2, 3, 4, 5, 6}))};
  const Pass pass(tape, {layer.parameters(), table});
  const Var index = tape.constant(Tensor<double>::from({3, 1}, {2, 0, 2}));
  const Var y = layer.forward(pass, index);
  const auto out = tape.value(y);
  EXPECT_EQ(out.shape(), (Shape{3, 1, 2}));
  EXPECT_EQ(out.data()[0], 5.0);
  const auto gradient = tape.gradients(sum(y), table)[0];
  EXPECT_EQ(std::vector<double>(gradient.values().begin(), gradient.values().end()),
            (std::vector<double>{1, 1, 0, 0, 2, 2}));
  const Var beyond = tape.constant(Tensor<double>::from({1}, {3}));
  EXPECT_THROW(layer.forward(pass, beyond), InputError);
}

TEST(Embedding, StartsWithTheDeviationAskedFor) {
  const auto first = [](const Embedding& layer) {
    return ParameterSet<double>(layer.parameters(), 1).value(0);
  };
  const auto one = first(Embedding("symbols", 30, 20));
  const auto tenth = first(Embedding("symbols", 30, 20, 0.1));
  double squares = 0.0;
  for (Index i = 0; i < one.numel(); ++i) {
    EXPECT_NEAR(tenth.data()[i], 0.1 * one.data()[i], 1e-15);
    squares += one.data()[i] * one.data()[i] / static_cast<double>(one.numel());
  }
  EXPECT_NEAR(squares, 1.0, 0.2);
}

TEST(LossesWithoutAMask, CountEveryStep) {
  Tape<double> tape;
  const auto normal = [&](const Shape& shape, const char* stream) {
    return tape.leaf(initialise<double>(Initialiser::normal(1.0), shape, Random(3, stream)));
  };
  const Var values = normal({3, 2, 4}, "values"), targets = normal({3, 2, 4}, "targets");
  const Var labels = tape.constant(Tensor<double>::full({3, 2}, 2.0));
  const Var ones = tape.constant(Tensor<double>::full({3, 2}, 1.0));
  const std::pair<Var, Var> pairs[] = {
      {softmax_nll(values, labels), softmax_nll(values, labels, ones)},
      {bernoulli_nll(values, targets), bernoulli_nll(values, targets, ones)},
      {squared_error(values, targets), squared_error(values, targets, ones)},
      {mean_squared_error(values, targets), mean_squared_error(values, targets, ones)},
      {gaussian_mixture_nll(normal({3, 2, 9}, "mixture"), targets),
       gaussian_mixture_nll(normal({3, 2, 9}, "mixture"), targets, ones)}};
  for (const auto& [without, with] : pairs) {
    EXPECT_EQ(without.shape(), with.shape());
    const auto a = tape.value(without), b = tape.value(with);
    for (Index i = 0; i < a.numel(); ++i) EXPECT_EQ(a.data()[i], b.data()[i]);
  }
}

}  // namespace
}  // namespace carousel
