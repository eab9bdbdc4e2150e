#include "train/batch_objective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "small_sequences.hpp"
#include "task/next_frame_model.hpp"
#include "temporary_folder.hpp"
#include "train/batch_gradient.hpp"

namespace carousel {
namespace {

class BatchObjectiveTest : public testing::Test {
 protected:
  const MaskSeed masks_{3, 7};
  const Batch ids_ = {4, 1, 9, 16, 2};
  ModelUnderTest m_{catalogue().find("gru_reset_before"),
                    next_frame_problem(small_set()),
                    5,
                    {.dropout_output = 0.3}};
  const ParameterSet<double> parameters_{m_.parameters(), 3};

  BatchObjective<double> objective(ShardRunner<double>& runner, Curvature curvature,
                                   std::vector<Tensor<double>> noise = {}) const {
    return {runner, ids_, 40, curvature, {&masks_}, std::move(noise)};
  }
  std::vector<Tensor<double>> direction(double phase) const {
    std::vector<Tensor<double>> all = zeros_like(parameters_.values());
    for (Tensor<double>& one : all) {
      for (Index i = 0; i < one.numel(); ++i) one.data()[i] = std::sin(phase + double(i));
    }
    return all;
  }
  static void expect_near(const std::vector<Tensor<double>>& got,
                          const std::vector<Tensor<double>>& expected, double tolerance) {
    double largest = 0.0, worst = 0.0;
    for (std::size_t k = 0; k < got.size(); ++k) {
      for (Index i = 0; i < got[k].numel(); ++i) {
        largest = std::max(largest, std::abs(expected[k].data()[i]));
        worst = std::max(worst, std::abs(got[k].data()[i] - expected[k].data()[i]));
      }
    }
    EXPECT_GT(largest, 0.0);
    EXPECT_LE(worst, tolerance * largest);
  }
};

// Loss, gradient and exact curvature are those of one function: differences say so.
TEST_F(BatchObjectiveTest, IsOneFunctionWithItsDerivatives) {
  ShardRunner<double> runner(*m_.model, *m_.problem, Split::train, 2);
  auto loss = objective(runner, Curvature::hessian);
  const auto along = direction(0.4);
  const double h = 1e-5;
  const auto up = moved(parameters_.values(), h, along);
  const auto down = moved(parameters_.values(), -h, along);
  std::vector<Tensor<double>> gradient, gradient_up, gradient_down;
  EXPECT_EQ(loss.loss_and_gradient(parameters_.values(), gradient),
            loss.loss(parameters_.values()));
  loss.loss_and_gradient(up, gradient_up);
  loss.loss_and_gradient(down, gradient_down);
  EXPECT_NEAR((loss.loss(up) - loss.loss(down)) / (2 * h), dot(gradient, along), 1e-8);
  loss.linearise(parameters_.values());
  auto expected = moved(gradient_up, -1.0, gradient_down);
  scale_by(expected, 0.5 / h);
  expect_near(loss.curvature_product(along), expected, 1e-6);
}

// With noise it is the same function, seen from elsewhere.
TEST_F(BatchObjectiveTest, OfNoiseIsMoved) {
  ShardRunner<double> runner(*m_.model, *m_.problem, Split::train, 2);
  const auto noise = direction(2.0);
  auto noisy = objective(runner, Curvature::gauss_newton, noise);
  auto plain = objective(runner, Curvature::gauss_newton);
  const auto there = moved(parameters_.values(), 1.0, noise);
  EXPECT_EQ(noisy.loss(parameters_.values()), plain.loss(there));
  EXPECT_NE(noisy.loss(parameters_.values()), plain.loss(parameters_.values()));
  std::vector<Tensor<double>> got, expected;
  noisy.loss_and_gradient(parameters_.values(), got);
  plain.loss_and_gradient(there, expected);
  expect_near(got, expected, 0.0);
  expect_near(noisy.gradient_squares(parameters_.values()), plain.gradient_squares(there), 0.0);
  noisy.linearise(parameters_.values());
  got = noisy.curvature_product(direction(0.1));
  plain.linearise(there);
  expect_near(got, plain.curvature_product(direction(0.1)), 0.0);
}

// Products are sums over the shards, and symmetric; those of Gauss and Newton have no negative
// curvature.
TEST_F(BatchObjectiveTest, ShardsDoNotChangeTheCurvature) {
  ShardRunner<double> whole(*m_.model, *m_.problem, Split::train, 5);
  ShardRunner<double> parts(*m_.model, *m_.problem, Split::train, 2);
  const auto a = direction(0.4), b = direction(1.3);
  for (const Curvature curvature : {Curvature::gauss_newton, Curvature::hessian}) {
    auto one = objective(whole, curvature), other = objective(parts, curvature);
    one.linearise(parameters_.values());
    other.linearise(parameters_.values());
    const auto of_a = one.curvature_product(a), of_b = one.curvature_product(b);
    expect_near(other.curvature_product(a), of_a, 1e-12);
    EXPECT_NEAR(dot(b, of_a), dot(a, of_b), 1e-12 * std::abs(dot(b, of_a)));
    if (curvature == Curvature::gauss_newton) {
      EXPECT_GT(dot(a, of_a), 0.0);
      EXPECT_GT(dot(b, of_b), 0.0);
    }
  }
}

TEST_F(BatchObjectiveTest, SquaresAreThoseOfEachShard) {
  ShardRunner<double> runner(*m_.model, *m_.problem, Split::train, 2);
  auto expected = zeros_like(parameters_.values());
  ModelUnderTest plain(catalogue().find("gru_reset_before"), next_frame_problem(small_set()), 5);
  ShardRunner<double> without_masks(*plain.model, *plain.problem, Split::train, 2);
  for (const Batch& shard : {Batch{4, 1}, Batch{9, 16}, Batch{2}}) {
    std::vector<Tensor<double>> gradient;
    without_masks.loss_and_gradients(parameters_.values(), shard, 40, gradient);
    for (Tensor<double>& g : gradient) {
      for (double& element : g.values()) element *= element;
    }
    add_scaled(expected, 1.0, gradient);
  }
  BatchObjective<double> loss(without_masks, ids_, 40, Curvature::gauss_newton, {}, {});
  expect_near(loss.gradient_squares(parameters_.values()), expected, 1e-12);
}

TEST_F(BatchObjectiveTest, AProductNeedsAPlace) {
  ShardRunner<double> runner(*m_.model, *m_.problem, Split::train, 2);
  auto loss = objective(runner, Curvature::hessian);
  const auto error = [&] {
    return error_of<InputError>([&] { loss.curvature_product(direction(0.0)); });
  };
  EXPECT_THAT(error(), testing::HasSubstr("linearise()"));
  loss.linearise(parameters_.values());
  EXPECT_NO_THROW(loss.curvature_product(direction(0.0)));
  loss.loss(parameters_.values());
  EXPECT_THAT(error(), testing::HasSubstr("linearise()")) << "the tapes have other values";
}

}  // namespace
}  // namespace carousel
