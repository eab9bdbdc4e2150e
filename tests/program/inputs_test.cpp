// Several inputs at a step.

#include <gmock/gmock.h>

#include "program/compiled_scan.hpp"
#include "scan_fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

constexpr Index steps = 75, batch = 4;

// A gate by the time since the last step, and a second input with a matrix of its own.
StepProgram three_inputs() {
  StepBuilder b("three_inputs");
  const Index n = fixture_hidden;
  const Var x = b.input("x", fixture_input), dt = b.input("dt", 1, 1.0), u = b.input("u", 2);
  const Var h = b.state("h", n);
  const Var w = b.parameter("W", {n, fixture_input}, Initialiser::glorot());
  const Var v = b.parameter("V", {n, 2}, Initialiser::glorot());
  const Var r = b.parameter("R", {n, n}, Initialiser::orthogonal());
  const Var a = b.parameter("a", {n}, Initialiser::ones());
  const Var gate = b.let("gate", sigmoid(a * dt));
  b.set_state("h", gate * h + (1.0 - gate) * tanh(linear(x, w) + linear(u, v) + linear(h, r)));
  b.set_output("h");
  return b.finish();
}

TEST(Inputs, TheCompiledScanAgreesWithTheTape) {
  const Scan scan(three_inputs());
  for (ScanOptions options : scan_cases(steps)) {
    options.probes = {"gate"};
    for (const Index segments : {1, 3}) {
      options.segments = segments;
      SCOPED_TRACE(to_text(options));
      expect_close_runs(run_scan<double>(scan, steps, batch, options),
                        run_scan<double>(scan, steps, batch, options, Executor::tape), 1e-10);
    }
  }
}

// Gradients are made of the inputs that are no constants.
TEST(Inputs, GradientsAreMadeOnDemand) {
  const StepProgram program = three_inputs();
  const Scan scan(program);
  const auto all = run_scan<double>(scan, steps, batch, {});
  const std::size_t count = program.parameters.size();
  for (std::size_t leaf = 0; leaf < 3; ++leaf) {
    Tape<double> tape;
    std::vector<Var> parameters, inputs;
    for (const auto& p : random_parameters<double>(program)) parameters.push_back(tape.constant(p));
    for (std::size_t k = 0; k < 3; ++k) {
      const auto value = random_inputs<double>(program, steps, batch)[k];
      inputs.push_back(k == leaf ? tape.leaf(value) : tape.constant(value));
    }
    const Var h = tape.constant(random_states<double>(program, batch)[0]);
    const auto run = scan.run(tape, parameters, inputs, {&h, 1});
    const auto weight = [&](Var v, const char* name) {
      return sum(v * tape.constant(normal<double>(v.shape(), name)));
    };
    const Var loss = weight(run.outputs, "weight") + weight(run.final_states[0], "weight h");
    const auto gradient = tape.gradients(loss, {&inputs[leaf], 1})[0];
    expect_close(gradient, all.gradients[count + leaf], 1e-12, all.wrt[count + leaf]);
    const Var others[] = {inputs[(leaf + 1) % 3]};
    EXPECT_THROW(tape.gradients(loss, others), InputError);
  }
}

TEST(Inputs, MustFitEachOther) {
  const StepProgram program = three_inputs();
  const Scan scan(program);
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& p : program.parameters) {
    parameters.push_back(tape.constant(normal<double>(p.shape, p.name)));
  }
  const auto states = initial_states(program, tape, parameters, batch);
  const auto zeros = [&](Index t, Index b, Index n) {
    return tape.constant(Tensor<double>::zeros({t, b, n}));
  };
  const auto error = [&](const std::vector<Var>& inputs) {
    return error_of<InputError>([&] { scan.run(tape, parameters, inputs, states); });
  };
  const Var x = zeros(5, batch, fixture_input), dt = zeros(5, batch, 1), u = zeros(5, batch, 2);
  EXPECT_THAT(error({x}), testing::HasSubstr("got 1 inputs, expected 3"));
  EXPECT_THAT(error({x, dt, dt}), testing::HasSubstr("u has shape [5, 4, 1]"));
  EXPECT_THAT(error({x, zeros(4, batch, 1), u}), testing::HasSubstr("dt has shape [4, 4, 1]"));
  EXPECT_THAT(error({x, dt, zeros(5, 1, 2)}), testing::HasSubstr("u has shape [5, 1, 2]"));
}

TEST(CompiledScan, RefusesFewerThanNoSegments) {
  const StepProgram program = catalogue().find("rnn_tanh").build({2, 2});
  const ScanPlan plan = plan_scan(program);
  CompiledScan<float> scan(plan);
  std::vector<Tensor<float>> parameters;
  for (const auto& p : program.parameters) parameters.push_back(normal<float>(p.shape, p.name));
  const auto x = Tensor<float>::zeros({3, 2}), h = Tensor<float>::zeros({1, 2});
  EXPECT_THAT(error_of<InputError>([&] {
                scan.forward(parameters, {&x, 1}, {&h, 1}, {3}, -1);
              }),
              testing::HasSubstr("got -1 segments, expected 0 or more"));
}

}  // namespace
}  // namespace carousel
