// Rules that look at the loss at several places: L-BFGS and Hessian-free.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lbfgs.h>

#include "fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ParameterSet<double> start_at(const std::vector<double>& a, const std::vector<double>& b) {
  const auto size = [](const auto& v) { return static_cast<Index>(v.size()); };
  ParameterSet<double> set(
      {{"a", {size(a)}, Initialiser::zeros()}, {"b", {1, size(b)}, Initialiser::zeros()}}, 1);
  set.restore({Tensor<double>::from({size(a)}, a), Tensor<double>::from({1, size(b)}, b)});
  return set;
}

// Liblbfgs on the same function: its point after every iteration.
class Liblbfgs {
 public:
  Liblbfgs(TapeObjective<double>& objective, const ParameterSet<double>& start)
      : objective_(objective), shapes_(start.snapshot()) {}

  std::vector<std::vector<double>> run(int iterations, int history) {
    std::vector<double> x = flatten(shapes_);
    lbfgs_parameter_t parameter;
    lbfgs_parameter_init(&parameter);
    parameter.m = history;
    parameter.epsilon = 1e-300;
    parameter.max_iterations = iterations;
    parameter.linesearch = LBFGS_LINESEARCH_BACKTRACKING_STRONG_WOLFE;
    parameter.wolfe = 0.9;
    lbfgs(static_cast<int>(x.size()), x.data(), nullptr, evaluate, note, this, &parameter);
    return points_;
  }

 private:
  std::vector<Tensor<double>> shaped(const double* x) const {
    std::vector<Tensor<double>> values;
    for (const auto& like : shapes_) {
      values.push_back(Tensor<double>::from(like.shape(), {x, x + like.numel()}));
      x += like.numel();
    }
    return values;
  }
  static double evaluate(void* self, const double* x, double* g, int, double) {
    auto& run = *static_cast<Liblbfgs*>(self);
    std::vector<Tensor<double>> gradient;
    const double loss = run.objective_.loss_and_gradient(run.shaped(x), gradient);
    for (const double v : flatten(gradient)) *g++ = v;
    return loss;
  }
  static int note(void* self, const double* x, const double*, double, double, double, double, int n,
                  int, int) {
    static_cast<Liblbfgs*>(self)->points_.emplace_back(x, x + n);
    return 0;
  }

  TapeObjective<double>& objective_;
  std::vector<Tensor<double>> shapes_;
  std::vector<std::vector<double>> points_;
};

void expect_iterates_of_liblbfgs(TapeObjective<double> objective, ParameterSet<double> parameters,
                                 int iterations, int history) {
  const auto expected = Liblbfgs(objective, parameters).run(iterations, history);
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(iterations));
  Optimiser<double> optimiser({.rule = "lbfgs", .history = history}, parameters);
  for (int t = 0; t < iterations; ++t) {
    std::vector<Tensor<double>> gradient;
    objective.loss_and_gradient(parameters.values(), gradient);
    optimiser.update(parameters, gradient, 1.0, &objective);
    const std::vector<double> got = flatten(parameters.values());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], expected[static_cast<std::size_t>(t)][i], 1e-9) << t << " " << i;
    }
  }
}

TEST(Lbfgs, GoesTheWayOfLiblbfgs) {
  expect_iterates_of_liblbfgs(valley<double>(), start_at({-1.2, 1.0, 0.3}, {2.0, -1.0}), 20, 5);
  expect_iterates_of_liblbfgs(valley<double>(90), start_at({3.0, -2.0, 0.5}, {-3.0, 0.1}), 15, 2);
}

TEST(Lbfgs, EndsAtTheMinimum) {
  auto parameters = start_at({-1.2, 1.0, 0.3}, {2.0, -1.0});
  Optimiser<double> optimiser({.rule = "lbfgs"}, parameters);
  for (int t = 0; t < 60; ++t) update_in(valley<double>(), optimiser, parameters);
  for (const double a : parameters.value(0).values()) EXPECT_NEAR(a, 1.0, 1e-8);
  const double b = parameters.value(1).values()[0];
  EXPECT_NEAR(3.0 / (1.0 + std::exp(-3.0 * b)) + b, 0.0, 1e-8);
  EXPECT_EQ(optimiser.updates(), 60);
}

// As of a checkpoint that somebody has changed.
TEST(Lbfgs, RefusesMemoryThatIsNone) {
  for (const auto& [name, value] :
       {std::pair{"pairs", 11.0}, {"next_pair", 10.0}, {"next_pair", -1.0}}) {
    auto parameters = two_parameters<double>();
    Optimiser<double> optimiser({.rule = "lbfgs"}, parameters);
    optimiser.numbers().at(name) = value;
    EXPECT_THAT(error_of<InputError>([&] { update_in(valley<double>(), optimiser, parameters); }),
                HasSubstr("expected at most 10"));
  }
}

// Where the curvature is that of the loss and nothing is added to it, one update is all it takes.
TEST(HessianFree, FindsTheMinimumOfAQuadraticAtOnce) {
  auto parameters = start_at({2.0, -1.0, 0.5}, {1.0, 3.0});
  const auto quadratic = [] {
    return TapeObjective<double>([](std::span<const Var> v) {
      const Var a = v[0], b = v[1];
      const Var mixed = slice(a, 0, 0, 2) + reshape(b, {2}) * 0.5;
      return sum(a * a) * 0.5 + sum(mixed * mixed) + sum(b - 1.0) * 0.25 + sum(b * b) * 2.0;
    });
  };
  Optimiser<double> optimiser({.rule = "hessian_free", .damping = 1e-12}, parameters);
  update_in(quadratic(), optimiser, parameters);
  std::vector<Tensor<double>> gradient;
  quadratic().loss_and_gradient(parameters.values(), gradient);
  for (const double g : flatten(gradient)) EXPECT_NEAR(g, 0.0, 1e-9);
  EXPECT_NEAR(optimiser.numbers().at("damping"), 1e-12 / 1.5, 1e-20) << "the model was right";
}

TEST(HessianFree, GoesDownABentValley) {
  auto parameters = start_at({-1.2, 1.0, 0.3}, {2.0, -1.0});
  Optimiser<double> optimiser({.rule = "hessian_free"}, parameters);
  double before = valley<double>().loss(parameters.values());
  for (int t = 0; t < 60; ++t) {
    update_in(valley<double>(), optimiser, parameters);
    const double loss = valley<double>().loss(parameters.values());
    EXPECT_LE(loss, before) << t;
    before = loss;
  }
  for (const double a : parameters.value(0).values()) EXPECT_NEAR(a, 1.0, 1e-5);
}

// Where the quadratic model leads to a loss that is NaN, or far above what it promised, the damping
// goes up by its factor, and the move is cut until the loss is lower.
TEST(HessianFree, TrustsLessWhereTheModelIsWrong) {
  const TapeObjective<double>::Function functions[] = {
      [](std::span<const Var> v) {
        return sum(v[1] * v[1]) - sum(v[0]) - sum(log(0.5 - v[0])) * 0.01;
      },
      [](std::span<const Var> v) {
        const Var square = v[0] * v[0];
        return sum(v[1] * v[1]) - sum(v[0]) + sum(square * square) * 50.0;
      }};
  for (const auto& function : functions) {
    auto parameters = start_at({0.0}, {0.0});
    Optimiser<double> optimiser({.rule = "hessian_free"}, parameters);
    const double before = TapeObjective<double>(function).loss(parameters.values());
    update_in(TapeObjective<double>(function), optimiser, parameters);
    EXPECT_EQ(optimiser.numbers().at("damping"), 1.5);
    EXPECT_LT(TapeObjective<double>(function).loss(parameters.values()), before);
    EXPECT_GT(parameters.value(0).item(), 0.0);
  }
}

class WholeRule : public testing::TestWithParam<const char*> {};

// Whichever call is interrupted, the update can be made again as if it had not been begun.
TEST_P(WholeRule, ThatIsInterruptedHasChangedNothing) {
  const OptimiserOptions options{.rule = GetParam()};
  auto straight = two_parameters<double>();
  Optimiser<double> one(options, straight);
  for (int t = 1; t <= 3; ++t) update_in(valley<double>(t), one, straight);
  std::vector<Tensor<double>> gradient;
  int calls = 0;
  for (int call = 0; call == 0 || call < calls; ++call) {
    auto parameters = two_parameters<double>();
    Optimiser<double> two(options, parameters);
    for (int t = 1; t <= 2; ++t) update_in(valley<double>(t), two, parameters);
    auto objective = valley<double>(3);
    objective.loss_and_gradient(parameters.values(), gradient);
    objective.calls = 0;
    objective.interrupt = call;
    EXPECT_THROW(two.update(parameters, gradient, 1.0, &objective), Interrupted);
    EXPECT_EQ(two.updates(), 2);
    objective.calls = 0;
    objective.interrupt = -1;
    two.update(parameters, gradient, 1.0, &objective);
    calls = objective.calls;
    EXPECT_EQ(flatten(parameters.values()), flatten(straight.values())) << call;
    EXPECT_EQ(two.numbers(), one.numbers()) << call;
    for (std::size_t k = 0; k < one.slots().size(); ++k) {
      EXPECT_EQ(flatten(two.slots()[k].values), flatten(one.slots()[k].values)) << call;
    }
  }
  EXPECT_GE(calls, 2);
}

TEST_P(WholeRule, NeedsAnObjectiveAndNoDecay) {
  auto parameters = two_parameters<float>();
  Optimiser<float> optimiser({.rule = GetParam()}, parameters);
  EXPECT_THAT(error_of<InputError>([&] { optimiser.update(parameters, gradients_at<float>(1)); }),
              AllOf(HasSubstr(GetParam()), HasSubstr("expected an objective")));
  EXPECT_THAT(error_of<InputError>(
                  [&] { Optimiser<float>({.rule = GetParam(), .weight_decay = 0.1}, parameters); }),
              AllOf(HasSubstr("weight_decay = 0.1"), HasSubstr("expected 0")));
}

TEST_P(WholeRule, StaysWhereTheLossIsFlat) {
  auto parameters = two_parameters<float>();
  const std::vector<double> before = flatten(parameters.values());
  Optimiser<float> optimiser({.rule = GetParam()}, parameters);
  update_in(TapeObjective<float>([](std::span<const Var> v) { return sum(v[0] * 0.0 + 1.0); }),
            optimiser, parameters);
  EXPECT_EQ(flatten(parameters.values()), before);
}

INSTANTIATE_TEST_SUITE_P(Rules, WholeRule, testing::Values("lbfgs", "hessian_free"),
                         [](const testing::TestParamInfo<const char*>& test) {
                           return std::string(test.param);
                         });

}  // namespace
}  // namespace carousel
