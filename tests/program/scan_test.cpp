// A scan as an object: when it is compiled, and what it keeps from run to run.

#include "program/scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "scan_fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

constexpr Index batch = 4;

// tanh, whose derivative rule wants to know the size of the batch.
Op op_with_a_strict_rule() {
  Op op = find_op("tanh");
  op.name = "strict";
  op.derivative = [](const DerivativeCall& d) {
    if (is_batched(d.out.shape())) fail_input("strict: the batch has no size");
    return d.grad;
  };
  return op;
}

TEST(Scan, IsCompiledWhenItFirstRuns) {
  const Op strict = op_with_a_strict_rule();
  StepBuilder b("test");
  const Var x = b.input("x", 2), h = b.state("h", 2);
  b.set_state("h", b.apply(strict, std::array{x + h}, {}));
  b.set_output("h");
  const Scan scan(b.finish());
  EXPECT_EQ(scan.program().name, "test");
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_EQ(error_of<InputError>([&] { scan.compile(); }), "strict: the batch has no size");
    EXPECT_EQ(error_of<InputError>([&] { run_scan<double>(scan, 3, batch, {}); }),
              "strict: the batch has no size");
    EXPECT_EQ(scan.bytes_reserved(), 0u);
  }
}

TEST(Scan, CompiledInAdvanceItRunsAsOtherwise) {
  const StepProgram program = fixture_program(catalogue().find("lstm"));
  const Scan at_once(program), later(program);
  at_once.compile();
  expect_same_run(run_scan<double>(at_once, 5, batch, {}), run_scan<double>(later, 5, batch, {}));
}

class ScanOf : public testing::TestWithParam<const char*> {
 protected:
  const Scan scan_{fixture_program(catalogue().find(GetParam()))};

  template <class T>
  void expect_tape(const ScanOptions& options, double tolerance) const {
    const auto expected = run_scan<T>(scan_, 6, batch, options, Executor::tape);
    expect_close_runs(run_scan<T>(scan_, 6, batch, options), expected, tolerance);
  }
};

// Each run finds the packing and the memory of the one before, of the same steps and sequences.
TEST_P(ScanOf, OtherLengthsInTurn) {
  for (const std::vector<Index>& lengths :
       {std::vector<Index>{6, 5, 2, 2}, {6, 3, 2, 2}, {6, 5, 2, 2}}) {
    ScanOptions options;
    options.lengths = lengths;
    for (const bool reverse : {false, true}) {
      options.reverse = reverse;
      SCOPED_TRACE(to_text(options) + ", the second has " + std::to_string(lengths[1]));
      expect_tape<double>(options, 1e-11);
      expect_tape<float>(options, 2e-5);
    }
  }
}

// Elementwise alone, products, calls, a delay, a matrix for each sequence.
INSTANTIATE_TEST_SUITE_P(Cells, ScanOf,
                         testing::Values("indrnn", "lstm", "on_lstm", "qrnn", "rwkv6"));

// y = x + b: the gradient of b is the sum of the outputs' weights.
TEST(Scan, ABiasGradientOfManyRowsLosesNoDigits) {
  constexpr Index steps = 1000, sequences = 100, width = 3;
  StepBuilder builder("bias");
  const Var x = builder.input("x", width), b = builder.parameter("b", {width}, {});
  builder.let("y", x + b);
  builder.set_output("y");
  const Scan scan(builder.finish());
  // All of one sign and none a sum of few powers of two, so that rounding adds up.
  auto weight = Tensor<float>::uninitialised({steps, sequences, width});
  std::array<double, width> expected{};
  for (Index i = 0; i < weight.numel(); ++i) {
    weight.data()[i] = 0.1f * static_cast<float>(1 + i % width);
    expected[std::size_t(i % width)] += static_cast<double>(weight.data()[i]);
  }
  Tape<float> tape;
  const std::array parameters{tape.leaf(Tensor<float>::zeros({width}))};
  const std::array inputs{tape.constant(Tensor<float>::zeros({steps, sequences, width}))};
  const ScanResult run = scan.run(tape, parameters, inputs, {});
  const auto gradient = tape.gradients(sum(run.outputs * tape.constant(weight)), parameters)[0];
  for (std::size_t i = 0; i < width; ++i) {
    EXPECT_NEAR(gradient.values()[i], expected[i], 2e-7 * expected[i]) << "element " << i;
  }
}

TEST(Scan, SegmentsSaveMemory) {
  constexpr Index steps = 2000;
  const StepProgram program = fixture_program(catalogue().find("lstm"));
  const auto reserved = [&](Index segments) {
    const Scan scan(program);
    ScanOptions options;
    options.segments = segments;
    run_scan<float>(scan, steps, batch, options);
    return scan.bytes_reserved();
  };
  const std::size_t whole = reserved(1), root = reserved(0), few = reserved(4);
  const std::size_t gates = steps * batch * 4 * fixture_hidden * sizeof(float);
  EXPECT_GE(whole, gates);
  EXPECT_LT(root, whole - gates / 2);
  EXPECT_LT(root, few);
  EXPECT_LT(few, whole);
}

TEST(Scan, CountsTheSecondsOfItsRunsBothWays) {
  const auto begun = std::chrono::steady_clock::now();
  const StepProgram program = fixture_program(catalogue().find("rnn_tanh"));
  const Scan scan(program);
  EXPECT_EQ(scan.seconds(), 0.0);
  Tape<float> tape;
  std::vector<Var> parameters;
  for (const auto& p : program.parameters)
    parameters.push_back(tape.leaf(Tensor<float>::zeros(p.shape)));
  const std::array inputs{tape.constant(Tensor<float>::zeros({500, batch, fixture_input}))};
  const std::array states{tape.constant(Tensor<float>::zeros({batch, fixture_hidden}))};
  const ScanResult run = scan.run(tape, parameters, inputs, states);
  const double forward = scan.seconds();
  EXPECT_GT(forward, 0.0);
  tape.gradients(sum(run.outputs), parameters);
  EXPECT_GT(scan.seconds(), forward);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(scan.seconds(), spent.count());
}

}  // namespace
}  // namespace carousel
