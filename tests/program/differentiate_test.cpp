#include "program/differentiate.hpp"

#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "program/steps.hpp"

namespace carousel {
namespace {

constexpr Index steps = 4, batch = 3, input = 4, hidden = 5;

Tensor<double> normal(const Shape& shape, const std::string& stream) {
  return initialise<double>(Initialiser::normal(0.5), shape, Random(3, stream));
}

void expect_equal(const Tensor<double>& got, const Tensor<double>& expected,
                  const std::string& name) {
  ASSERT_EQ(got.shape(), expected.shape()) << name;
  for (Index i = 0; i < got.numel(); ++i) {
    EXPECT_NEAR(got.data()[i], expected.data()[i], 1e-13) << name << " " << i;
  }
}

class Differentiate : public testing::TestWithParam<Cell> {};

// The backward step, run by hand from the last step to the first, against the tape.
TEST_P(Differentiate, TheBackwardStepGivesTheTapesGradients) {
  const StepProgram program = GetParam().build({input, hidden});
  const BackwardStep backward = differentiate(program);
  const Tensor<double> x = normal({steps, batch, input}, "x");
  const Tensor<double> weight = normal({steps, batch, hidden}, "weight");

  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& p : program.parameters) parameters.push_back(tape.leaf(normal(p.shape, p.name)));
  const Var frames = tape.leaf(x);
  std::vector<Var> start;
  for (const auto& s : program.states) {
    start.push_back(tape.leaf(normal(with_batch(s.shape, batch), s.name)));
  }
  const ScanResult run = scan_on_tape(program, tape, parameters, {&frames, 1}, start);
  Var loss = sum(run.outputs * tape.constant(weight));
  for (const Var& state : run.final_states) loss = loss + sum(state * state);
  std::vector<Var> wrt = parameters;
  wrt.push_back(frames);
  wrt.insert(wrt.end(), start.begin(), start.end());
  const auto expected = tape.gradients(loss, wrt);

  // Old states of each step, kept on the way forward.
  const auto at_step = [&](Var sequence, Index t, Index size) {
    return reshape(slice(sequence, 0, t, 1), {batch, size});
  };
  std::vector<std::vector<Var>> old_states{start};
  for (Index t = 0; t < steps; ++t) {
    const Var x_t = at_step(frames, t, input);
    old_states.push_back(run_step(program, parameters, {&x_t, 1}, old_states.back()).states);
  }
  std::vector<Var> carry;
  for (const Var& state : old_states.back()) carry.push_back(state * 2.0);
  std::vector<Var> sums(program.parameters.size());
  for (Index t = steps; t-- > 0;) {
    std::vector<Var> inputs{at_step(frames, t, input)};
    for (const Var& s : old_states[std::size_t(t)]) inputs.push_back(s);
    inputs.push_back(at_step(tape.constant(weight), t, hidden));
    const auto values = run_nodes(backward.program, parameters, inputs, carry);
    carry.clear();
    for (const auto& s : backward.program.states) carry.push_back(values[std::size_t(s.next)]);
    for (std::size_t k = 0; k < sums.size(); ++k) {
      ASSERT_GE(backward.parameter_cotangents[k], 0) << program.parameters[k].name;
      const Var share = values[std::size_t(backward.parameter_cotangents[k])];
      sums[k] = sums[k].defined() ? sums[k] + share : share;
    }
    const auto dx = tape.value(values[std::size_t(backward.input_cotangents[0])]);
    for (Index i = 0; i < dx.numel(); ++i) {
      const double whole = expected[sums.size()].data()[t * dx.numel() + i];
      EXPECT_NEAR(dx.data()[i], whole, 1e-13) << "x at step " << t;
    }
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    expect_equal(tape.value(sums[k]), expected[k], program.parameters[k].name);
  }
  for (std::size_t s = 0; s < carry.size(); ++s) {
    expect_equal(tape.value(carry[s]), expected[sums.size() + 1 + s], program.states[s].name);
  }
}

// Those with one input and vectors as wide as the hidden size, which the walk above takes.
std::vector<Cell> plain_cells() {
  std::vector<Cell> cells;
  for (const char* name : {"rnn_tanh", "lstm", "lstm_peephole", "fgr", "gru_reset_before",
                           "gru_reset_after", "mgu", "ugrnn", "mut1", "mut2", "mut3", "ran",
                           "indrnn", "sru", "min_gru", "qrnn", "rhn", "slstm", "ln_lstm"}) {
    cells.push_back(catalogue().find(name));
  }
  return cells;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Differentiate, testing::ValuesIn(plain_cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

// A delay: the new state is the input itself, and nothing of it reaches the output.
TEST(DifferentiateDelay, StatesThatNobodyReadsGetZero) {
  StepBuilder b("delay");
  const Var x = b.input("x", 2);
  const Var last = b.state("last", 2);
  b.set_state("last", x);
  b.let("y", last * 3.0);
  b.set_output("y");
  const StepProgram program = b.finish();
  const BackwardStep backward = differentiate(program);
  EXPECT_EQ(backward.program.states.size(), 1u);
  Tape<double> tape;
  const auto of = [&](double v) { return tape.constant(Tensor<double>::full({1, 2}, v)); };
  const std::vector<Var> inputs{of(5), of(6), of(0.5)};
  const std::vector<Var> carry{of(7)};
  const auto values = run_nodes(backward.program, {}, inputs, carry);
  EXPECT_EQ(tape.value(values[std::size_t(backward.input_cotangents[0])]).data()[0], 7.0);
  EXPECT_EQ(tape.value(values[std::size_t(backward.program.states[0].next)]).data()[0], 1.5);
}

}  // namespace
}  // namespace carousel
