// Inputs of earlier steps: states on the tape, no part of the loop when compiled.

#include "program/delays.hpp"

#include <gmock/gmock.h>

#include "program/plan.hpp"
#include "scan_fixtures.hpp"

namespace carousel {
namespace {

constexpr Index steps = 75, batch = 4;

// h = tanh(W x + V x[t-1] + U h[t-1]) * u[t-1] + a * x[t-3]; h[t-2] is a delay that stays a state.
StepProgram delays() {
  StepBuilder b("delays");
  const Index n = fixture_input;
  const Var x = b.input("x", n), u = b.input("u", n), h = b.state("h", n);
  const Var x3 = b.state("x[t-2]", n), x1 = b.state("x", n), x2 = b.state("x[t-1]", n);
  const Var u1 = b.state("u", n), h2 = b.state("h[t-1]", n);
  const Var w = b.parameter("W", {n, n}, Initialiser::glorot());
  const Var v = b.parameter("V", {n, n}, Initialiser::glorot());
  const Var r = b.parameter("U", {n, n}, Initialiser::orthogonal());
  const Var a = b.parameter("a", {n}, Initialiser::ones());
  const Var in = b.let("in", linear(x, w) + linear(x1, v));
  b.set_state("h", tanh(in + linear(h, r)) * u1 + a * x3 - h2);
  b.set_next("x", x);
  b.set_next("x[t-1]", x1);
  b.set_next("x[t-2]", x2);
  b.set_next("u", u);
  b.set_next("h[t-1]", h);
  b.set_output("h");
  return b.finish();
}

TEST(Delays, BecomeInputs) {
  const StepProgram program = delays();
  const DelayedProgram made = without_delays(program);
  ASSERT_EQ(made.program.states.size(), 2u);
  EXPECT_EQ(made.program.states[0].name, "h");
  EXPECT_EQ(made.program.states[1].name, "h[t-1]");
  EXPECT_EQ(made.states, (std::vector<std::size_t>{0, 5}));
  EXPECT_EQ(made.program.inputs.size(), 6u);
  for (const Delay& d : made.delays) {
    const ProgramState& state = program.states[d.state];
    EXPECT_EQ(made.program.inputs[d.input], state.previous) << state.name;
    EXPECT_EQ(made.program.inputs[d.source], state.next) << state.name;
    EXPECT_LT(d.source, d.input) << state.name;
  }
}

TEST(Delays, AgreeWithTheTape) {
  const Scan scan(delays());
  std::vector<ScanOptions> cases = scan_cases(steps);
  cases.emplace_back();
  cases.back().lengths = {0, 1, 2, steps};
  cases.push_back(cases.back());
  cases.back().reverse = true;
  for (ScanOptions options : cases) {
    options.probes = {"in"};
    options.gradient_norms = true;
    for (const Index segments : {1, 3}) {
      options.segments = segments;
      SCOPED_TRACE(to_text(options));
      expect_close_runs(run_scan<double>(scan, steps, batch, options),
                        run_scan<double>(scan, steps, batch, options, Executor::tape), 1e-10);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Delays, SplitAndCarryIsOneRun) {
  const StepProgram program = delays();
  const Scan scan(program);
  Tape<double> tape;
  std::vector<Var> parameters, states, wrt;
  for (const auto& p : program.parameters) {
    parameters.push_back(tape.leaf(normal<double>(p.shape, p.name)));
  }
  for (const auto& s : program.states) {
    states.push_back(tape.leaf(normal<double>(with_batch(s.shape, batch), s.name)));
  }
  const Var x = tape.leaf(normal<double>({9, batch, fixture_input}, "x"));
  const Var u = tape.leaf(normal<double>({9, batch, fixture_input}, "u"));
  wrt = parameters;
  wrt.insert(wrt.end(), states.begin(), states.end());
  wrt.insert(wrt.end(), {x, u});
  const auto part = [&](Index first, Index count, std::span<const Var> start) {
    const std::vector<Var> inputs{slice(x, 0, first, count), slice(u, 0, first, count)};
    return scan.run(tape, parameters, inputs, start);
  };
  const auto whole = part(0, 9, states);
  const auto first = part(0, 1, states);  // shorter than the delays
  const auto second = part(1, 8, first.final_states);
  const Var joined = concat(std::array{first.outputs, second.outputs}, 0);
  expect_close(tape.value(joined), tape.value(whole.outputs), 1e-14, "outputs");
  const auto loss = [&](Var outputs, std::span<const Var> finals) {
    Var total = sum(outputs * outputs);
    for (const Var& state : finals) total = total + sum(state * state);
    return total;
  };
  const auto expected = tape.gradients(loss(whole.outputs, whole.final_states), wrt);
  const auto got = tape.gradients(loss(joined, second.final_states), wrt);
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    expect_close(got[k], expected[k], 1e-12, "gradient " + std::to_string(k));
  }
}

// Constants in, a gradient for one delay's initial state alone.
TEST(Delays, GradientsReachTheInitialStateOfAConstantInput) {
  const StepProgram program = delays();
  const Scan scan(program);
  const ScanOptions options{false, {9, 0, 2, 5}};
  std::vector<Tensor<double>> gradients;
  for (const Executor executor : {Executor::tape, Executor::compiled}) {
    Tape<double> tape;
    std::vector<Var> parameters, states;
    for (const auto& p : program.parameters) {
      parameters.push_back(tape.constant(normal<double>(p.shape, p.name)));
    }
    for (const auto& s : program.states) {
      const auto value = normal<double>(with_batch(s.shape, batch), s.name);
      states.push_back(s.name == "x" ? tape.leaf(value) : tape.constant(value));
    }
    const std::vector<Var> inputs{tape.constant(normal<double>({9, batch, fixture_input}, "x")),
                                  tape.constant(normal<double>({9, batch, fixture_input}, "u"))};
    const auto run = executor == Executor::tape
                         ? scan_on_tape(program, tape, parameters, inputs, states, options)
                         : scan.run(tape, parameters, inputs, states, options);
    Var loss = sum(run.outputs * run.outputs);
    for (const Var& s : run.final_states) loss = loss + sum(s * s);
    gradients.push_back(tape.gradients(loss, {&states[2], 1})[0]);
  }
  expect_close(gradients[1], gradients[0], 1e-12, "initial x");
}

// All that a QRNN needs of x and x[t-1] is known in front of the loop.
TEST(Delays, AQrnnHasNoProductInItsLoop) {
  const StepProgram program = catalogue().find("qrnn").build({fixture_input, fixture_hidden});
  const auto loop_products = [](const StepProgram& p) {
    std::size_t count = 0;
    const ScanPlan plan = plan_scan(p);
    for (const PlanPass* pass : {&plan.forward_pass, &plan.backward_pass}) {
      for (const PlanStage& stage : pass->loop) count += stage.gemms.size();
    }
    return count;
  };
  EXPECT_EQ(loop_products(without_delays(program).program), 0u);
  EXPECT_GT(loop_products(catalogue().find("rnn_tanh").build({fixture_input, fixture_hidden})), 0u);
}

}  // namespace
}  // namespace carousel
