// The gradient through time, against loops written out here.

#include "inspect/gradient_reach.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "catalogue.hpp"
#include "data/sequence_set.hpp"
#include "inspect/step_jacobians.hpp"
#include "model_under_test.hpp"
#include "program/steps.hpp"
#include "task/generated_problem.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"

namespace carousel {
namespace {

using Vector = std::vector<double>;

constexpr Index hidden = 5;

std::vector<Tensor<double>> drawn(const Model& model, std::uint64_t seed) {
  return ParameterSet<double>(model.parameters(), seed).values();
}

ModelUnderTest adding(const std::string& cell, const ModelOptions& options = {}) {
  return {catalogue().find(cell), generated_problem("adding", {{"lag", "40"}, {"valid", "9"}}),
          hidden, options};
}

double norm(const Vector& v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

// The gradient of the loss of an example by h after its last step: the answer is W h + b, and the
// loss its squared error. `loss` is what the model says that it is.
Vector gradient_of_last(const std::vector<Tensor<double>>& values, const Vector& h, double target,
                        double loss) {
  const Tensor<double>& w = values[values.size() - 2];
  const double answer = std::inner_product(h.begin(), h.end(), w.data(), values.back().data()[0]);
  EXPECT_NEAR(std::pow(answer - target, 2), loss, 1e-12);
  Vector gradient;
  for (std::size_t i = 0; i < h.size(); ++i)
    gradient.push_back(2.0 * (answer - target) * w.data()[i]);
  return gradient;
}

// J' v.
Vector transposed_times(const Tensor<double>& j, const Vector& v) {
  Vector result(v.size());
  const Index n = std::ssize(v);
  for (Index row = 0; row < n; ++row) {
    for (Index column = 0; column < n; ++column) {
      result[std::size_t(column)] += j.data()[row * n + column] * v[std::size_t(row)];
    }
  }
  return result;
}

// h after each step of tanh(W x + U h + b), and the Jacobians diag(1 - h^2) U.
struct TanhRun {
  TanhRun(const std::vector<Tensor<double>>& values, const std::vector<float>& x) {
    const double *w = values[0].data(), *u = values[1].data(), *b = values[2].data();
    for (std::size_t t = 0; t < x.size() / 2; ++t) {
      Vector next(hidden);
      Tensor<double> jacobian = Tensor<double>::zeros({hidden, hidden});
      for (Index i = 0; i < hidden; ++i) {
        double sum = b[i] + w[2 * i] * double(x[2 * t]) + w[2 * i + 1] * double(x[2 * t + 1]);
        for (Index j = 0; j < hidden; ++j) sum += u[i * hidden + j] * h[std::size_t(j)];
        next[std::size_t(i)] = std::tanh(sum);
        const double slope = 1.0 - std::pow(next[std::size_t(i)], 2);
        for (Index j = 0; j < hidden; ++j)
          jacobian.data()[i * hidden + j] = slope * u[i * hidden + j];
      }
      h = next;
      jacobians.push_back(jacobian);
    }
  }
  Vector h = Vector(hidden);
  std::vector<Tensor<double>> jacobians;
};

double loss_of(const HeardModel& heard, ExampleId id) {
  Listener listener;
  double loss = 0.0;
  heard.run({&id, 1}, listener,
            [&](const HeardPass& pass) { loss = pass.tape.value(pass.loss).item(); });
  return loss;
}

TEST(GradientReach, OfTanhIsTheProductOfItsJacobians) {
  const ModelUnderTest net = adding("rnn_tanh");
  const HeardModel heard{*net.model, drawn(*net.model, 3)};
  ASSERT_EQ(heard.values[1].shape(), (Shape{hidden, hidden}));
  const ExampleId id = 4;
  const auto& problem = dynamic_cast<const GeneratedProblem&>(*net.problem);
  const SequenceExample example = problem.example(Split::valid, id);
  const TanhRun run(heard.values, example.x);
  Vector gradient =
      gradient_of_last(heard.values, run.h, double(example.targets[0]), loss_of(heard, id));
  const auto reach = gradient_reach(heard, {&id, 1});
  ASSERT_EQ(reach.size(), 1U);
  EXPECT_EQ(reach[0].place, "layers/0/forward");
  EXPECT_EQ(reach[0].state, "h");
  const std::size_t steps = run.jacobians.size();
  ASSERT_EQ(reach[0].norms.size(), steps);
  for (std::size_t lag = 1; lag <= steps; ++lag) {
    gradient = transposed_times(run.jacobians[steps - lag], gradient);
    EXPECT_NEAR(reach[0].norms[lag - 1] / norm(gradient), 1.0, 1e-10) << lag;
  }
}

class GatedReach : public testing::TestWithParam<const char*> {};

// The Jacobians are those of step_jacobian(), which other tests hold against differences.
TEST_P(GatedReach, IsTheProductOfItsJacobians) {
  const ModelUnderTest net = adding(GetParam());
  const HeardModel heard{*net.model, drawn(*net.model, 5)};
  const ExampleId id = 2;
  const auto& problem = dynamic_cast<const GeneratedProblem&>(*net.problem);
  const double target = double(problem.example(Split::valid, id).targets[0]);
  const Trajectory way = trajectories(heard, id, 1000).front();
  const std::size_t steps = way.inputs.size();
  // h after the last step: one more step of the program.
  Tape<double> tape;
  const auto on_tape = [&](const std::vector<Tensor<double>>& values) {
    std::vector<Var> vars;
    for (const auto& value : values) vars.push_back(tape.constant(value));
    return vars;
  };
  const StepResult last = run_step(*way.program, on_tape(way.parameters),
                                   on_tape(way.inputs.back()), on_tape(way.states.back()));
  const Tensor<double> h = tape.value(last.output);
  Vector gradient = gradient_of_last(heard.values, {h.values().begin(), h.values().end()}, target,
                                     loss_of(heard, id));
  // The output is one of the states; the others get nothing from the last step's loss.
  const auto& states = way.program->states;
  ASSERT_EQ(states[0].name, "h");
  gradient.resize(std::size_t(state_size(*way.program)));
  const auto reach = gradient_reach(heard, {&id, 1});
  ASSERT_EQ(reach.size(), states.size() == 1 ? 1U : states.size() + 1);
  for (std::size_t lag = 1; lag <= steps; ++lag) {
    const std::size_t t = steps - lag;
    gradient = transposed_times(
        step_jacobian(*way.program, way.parameters, way.inputs[t], way.states[t]), gradient);
    EXPECT_NEAR(reach.back().norms[lag - 1] / norm(gradient), 1.0, 1e-10) << lag;
    const Vector of_h(gradient.begin(), gradient.begin() + hidden);
    EXPECT_NEAR(reach.front().norms[lag - 1] / norm(of_h), 1.0, 1e-10) << lag;
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, GatedReach,
                         testing::Values("lstm", "lstm_peephole", "gru_reset_before", "mgu"));

// Each step of a next-frame task has a loss; only that of the last one is to flow.
TEST(GradientReach, IsOfTheLastStepAlone) {
  SequenceSet set;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) {
    split->width = 2;
    split->lengths = {6};
    split->starts = {0};
    split->frames = {1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1};
  }
  const ModelUnderTest net(catalogue().find("rnn_tanh"), next_frame_problem(set), hidden);
  const HeardModel heard{*net.model, drawn(*net.model, 1)};
  const ExampleId id = 0;
  const auto reach = gradient_reach(heard, {&id, 1});
  // Frames 1 to 5 foretell 2 to 6. The loss of the last one is -log of Bernoulli probabilities.
  const std::vector<float> x(set.valid.frames.begin(), set.valid.frames.begin() + 10);
  const TanhRun run(heard.values, x);
  const double *w = heard.values[3].data(), *b = heard.values[4].data();
  Vector gradient(hidden);
  for (Index key = 0; key < 2; ++key) {
    const double logit = std::inner_product(run.h.begin(), run.h.end(), w + key * hidden, b[key]);
    const double error =
        1.0 / (1.0 + std::exp(-logit)) - double(set.valid.frames[std::size_t(10 + key)]);
    for (Index i = 0; i < hidden; ++i) gradient[std::size_t(i)] += error * w[key * hidden + i];
  }
  ASSERT_EQ(reach[0].norms.size(), 5U);
  for (std::size_t lag = 1; lag <= 5; ++lag) {
    gradient = transposed_times(run.jacobians[5 - lag], gradient);
    EXPECT_NEAR(reach[0].norms[lag - 1] / norm(gradient), 1.0, 1e-6) << lag;
  }
}

TEST(GradientReach, IsTheMeanOverTheSequencesThatAreThatLong) {
  const ModelUnderTest net = adding("gru_reset_after");
  const HeardModel heard{*net.model, drawn(*net.model, 2)};
  const std::vector<ExampleId> ids = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const Vector together = gradient_reach(heard, ids).front().norms;
  Vector sums(together.size());
  std::vector<int> counts(together.size());
  std::set<std::size_t> lengths;
  for (const ExampleId id : ids) {
    const Vector own = gradient_reach(heard, {&id, 1}).front().norms;
    lengths.insert(own.size());
    for (std::size_t k = 0; k < own.size(); ++k) {
      sums[k] += own[k];
      ++counts[k];
    }
  }
  ASSERT_GT(lengths.size(), 1U);
  EXPECT_EQ(together.size(), *lengths.rbegin());
  for (std::size_t k = 0; k < sums.size(); ++k)
    EXPECT_NEAR(together[k], sums[k] / counts[k], 1e-15);
}

TEST(GradientReach, FallsToAShareAtALag) {
  const GradientReach reach{"layers/0/forward", "h", {2.0, 1.5, 1.0, 0.5}};
  EXPECT_EQ(lag_of_share(reach, 1.0), 1);
  EXPECT_EQ(lag_of_share(reach, 0.5), 3);
  EXPECT_EQ(lag_of_share(reach, 0.3), 4);
  EXPECT_EQ(lag_of_share(reach, 0.1), 0);
}

}  // namespace
}  // namespace carousel
