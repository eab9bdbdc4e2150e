#include "inspect/step_jacobians.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "covering_cells.hpp"
#include "inspect/activations.hpp"
#include "model_under_test.hpp"
#include "program/steps.hpp"
#include "task/generated_problem.hpp"

namespace carousel {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using Values = std::vector<Tensor<double>>;

Tensor<double> drawn(const Shape& shape, std::uint64_t seed) {
  Random random(seed, 7);
  Tensor<double> values = Tensor<double>::uninitialised(shape);
  for (Index i = 0; i < values.numel(); ++i) values.data()[i] = random.normal();
  return values;
}

std::vector<Var> on_tape(Tape<double>& tape, const Values& values) {
  std::vector<Var> vars;
  for (const Tensor<double>& value : values) vars.push_back(tape.constant(value));
  return vars;
}

// A step of a cell somewhere in its space.
struct Step {
  explicit Step(const Cell& cell) : program(cell.build(nearest_sizes(cell, {3, 4}))) {
    std::uint64_t seed = 1;
    for (const ProgramParameter& p : program.parameters)
      parameters.push_back(drawn(p.shape, seed++));
    for (const int node : program.inputs) {
      inputs.push_back(drawn(with_batch(program.nodes[std::size_t(node)].shape, 1), seed++));
    }
    for (const ProgramState& s : program.states)
      states.push_back(drawn(with_batch(s.shape, 1), seed++));
  }
  // New states behind one another.
  std::vector<double> next(const Values& from) const {
    Tape<double> tape;
    const StepResult result =
        run_step(program, on_tape(tape, parameters), on_tape(tape, inputs), on_tape(tape, from));
    std::vector<double> all;
    for (const Var state : result.states) {
      const Tensor<double> value = tape.value(state);
      all.insert(all.end(), value.values().begin(), value.values().end());
    }
    return all;
  }

  StepProgram program;
  Values parameters, inputs, states;
};

class StepJacobian : public testing::TestWithParam<Cell> {};

TEST_P(StepJacobian, AgreesWithDifferences) {
  const Step step(GetParam());
  const Index size = state_size(step.program);
  const Tensor<double> jacobian =
      step_jacobian(step.program, step.parameters, step.inputs, step.states);
  ASSERT_EQ(jacobian.shape(), (Shape{size, size}));
  constexpr double by = 1e-6;
  Index column = 0;
  for (std::size_t s = 0; s < step.states.size(); ++s) {
    for (Index i = 0; i < step.states[s].numel(); ++i, ++column) {
      Values above, below;
      for (const Tensor<double>& state : step.states) {
        above.push_back(state.clone());
        below.push_back(state.clone());
      }
      above[s].data()[i] += by;
      below[s].data()[i] -= by;
      const std::vector<double> high = step.next(above), low = step.next(below);
      for (Index row = 0; row < size; ++row) {
        const double difference = (high[std::size_t(row)] - low[std::size_t(row)]) / (2.0 * by);
        EXPECT_NEAR(jacobian.data()[row * size + column], difference,
                    1e-6 * std::max(1.0, std::abs(difference)))
            << "row " << row << ", column " << column;
      }
    }
  }
}

// Cells with steps have a slope of their own in place of the derivative.
std::vector<Cell> smooth_cells() {
  std::vector<Cell> cells = covering_cells();
  std::erase_if(cells, [](const Cell& cell) { return cells_with_steps().contains(cell.name); });
  return cells;
}

INSTANTIATE_TEST_SUITE_P(Cells, StepJacobian, testing::ValuesIn(smooth_cells()),
                         [](const auto& test) { return test.param.name; });

// What an LSTM's state hands on by itself is its forget gate; a GRU's its update gate.
TEST(WithoutMatrixPaths, LeavesTheGateThatAStateGoesThrough) {
  for (const auto& [cell, state, gate] :
       {std::tuple("lstm", "c", "f"), {"gru_reset_before", "h", "z"}}) {
    const Step step(catalogue().find(cell));
    const StepProgram direct = without_matrix_paths(step.program);
    ASSERT_EQ(direct.parameters.size(), step.program.parameters.size());
    const Tensor<double> own = step_jacobian(direct, step.parameters, step.inputs, step.states);
    Tape<double> tape;
    const auto nodes = run_nodes(step.program, on_tape(tape, step.parameters),
                                 on_tape(tape, step.inputs), on_tape(tape, step.states));
    const Tensor<double> expected =
        tape.value(nodes[std::size_t(find_probes(step.program, {gate})[0])]);
    Index first = 0;
    for (const ProgramState& s : step.program.states) {
      if (s.name == state) break;
      first += row_size(s.shape);
    }
    const Index size = state_size(step.program);
    for (Index i = 0; i < 4; ++i) {
      const double kept = own.data()[(first + i) * size + first + i];
      // Either z or 1 - z keeps the old state, as the cell's equations have it.
      const double gate_value = expected.data()[i];
      const bool complement = std::abs(kept - gate_value) > 1e-12;
      EXPECT_NEAR(kept, complement ? 1.0 - gate_value : gate_value, 1e-12) << cell << " " << i;
    }
  }
}

TEST(Trajectories, ReadWhatTheScanReads) {
  const ModelUnderTest net(catalogue().find("lstm"), generated_problem("adding", {{"lag", "20"}}),
                           4);
  const HeardModel heard{*net.model, ParameterSet<double>(net.parameters(), 1).values()};
  const auto ways = trajectories(heard, 0, 15);
  ASSERT_EQ(ways.size(), 1U);
  ASSERT_EQ(ways[0].states.size(), 15U);
  const ExampleId id = 0;
  const Activation h = activations(heard, {&id, 1}, {"h"})[0];
  const auto& problem = dynamic_cast<const GeneratedProblem&>(*net.problem);
  const SequenceExample example = problem.example(Split::valid, 0);
  for (std::size_t t = 0; t < 15; ++t) {
    EXPECT_EQ(ways[0].inputs[t][0].data()[0], double(example.x[2 * t])) << t;
    for (Index i = 0; i < 4; ++i) {
      const double before = t == 0 ? 0.0 : double(h.first.data()[Index(t - 1) * 4 + i]);
      EXPECT_NEAR(ways[0].states[t][0].data()[i], before, 1e-6) << t;
    }
  }
}

Tensor<double> square(const std::vector<double>& values) {
  const auto n = static_cast<Index>(std::lround(std::sqrt(double(values.size()))));
  return Tensor<double>::from({n, n}, values);
}

TEST(Spectra, OfKnownMatrices) {
  // A rotation by a right angle, three times as long, and a direction of 0.5.
  const auto turned = square({0, -3, 0, 3, 0, 0, 0, 0, 0.5});
  EXPECT_THAT(absolute_eigenvalues(turned),
              ElementsAre(DoubleNear(3, 1e-12), DoubleNear(3, 1e-12), DoubleNear(0.5, 1e-12)));
  // No symmetric one: its eigenvalues are 2 and 2, its singular values are not.
  const auto sheared = square({2, 1, 0, 2});
  EXPECT_THAT(absolute_eigenvalues(sheared), ElementsAre(DoubleNear(2, 1e-7), DoubleNear(2, 1e-7)));
  const double root = std::sqrt(17.0);
  EXPECT_THAT(singular_values(sheared),
              ElementsAre(DoubleNear((root + 1) / 2, 1e-12), DoubleNear((root - 1) / 2, 1e-12)));
  EXPECT_THAT(singular_values(Tensor<double>::from({1, 2}, {3, 4})),
              ElementsAre(DoubleNear(5, 1e-12)));
}

TEST(Lyapunov, OfConstantAndOfTurningSteps) {
  const auto grows = square({2, 0, 0, 0.5});
  const auto swaps = square({0, 2, 0.5, 0});
  const double ln2 = std::log(2.0);
  EXPECT_THAT(lyapunov_exponents({grows, grows, grows}),
              ElementsAre(DoubleNear(ln2, 1e-12), DoubleNear(-ln2, 1e-12)));
  // Twice in turn: what grew by 2 then shrinks by 2.
  EXPECT_THAT(lyapunov_exponents({swaps, swaps}),
              ElementsAre(DoubleNear(0.0, 1e-12), DoubleNear(0.0, 1e-12)));
  // A shear grows slower than any exponential.
  const std::vector<Tensor<double>> shears(2000, square({1, 0, 1, 1}));
  const auto slow = lyapunov_exponents(shears);
  EXPECT_NEAR(slow[0], std::log(2000.0) / 2000.0, 1e-3);
  const auto lost = lyapunov_exponents({square({1, 0, 0, 0})});
  EXPECT_EQ(lost[1], -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace carousel
