// Compiled ops that are neither elementwise nor products of vectors with matrices: reductions over
// features, slices, states of rank 2 and 3, and gradients of their parameters.

#include <gmock/gmock.h>

#include <functional>

#include "op/composites.hpp"
#include "scan_fixtures.hpp"

namespace carousel {
namespace {

constexpr Index steps = 75, batch = 4;

struct Example {
  std::string name;
  std::function<void(StepBuilder&, Var x)> write;
  std::vector<std::string> probes;

  StepProgram build() const {
    StepBuilder b(name);
    write(b, b.input("x", fixture_input));
    b.set_output("y");
    return b.finish();
  }
};

Var parameter(StepBuilder& b, const std::string& name, const Shape& shape) {
  return b.parameter(name, shape, Initialiser::normal(0.5));
}

// Reductions, slices and scalars, in front of the loop, in it and behind.
void vectors(StepBuilder& b, Var x) {
  const Var h = b.state("h", 5), s = b.state("s", 1);
  const Var w = parameter(b, "W", {5, 3}), u = parameter(b, "U", {5, 5});
  const Var norm = layer_norm(linear(softmax(x), w) + linear(h, u));
  const Var a = b.let("a", norm * parameter(b, "g", {5}) + parameter(b, "b", {5}));
  const Var p = b.let("p", softmax(a));
  const Var c = concat(std::array{slice(p, -1, 1, 3), slice(a, -1, 0, 2)}, -1);
  const Var square = sum_to(x * x, {batch_dim, 1});
  const Var gate = b.let("gate", sigmoid(parameter(b, "q", {1}) * square + row_max(h) - s));
  b.set_state("s", tanh(s + sum_to(a, {batch_dim, 1}) * 0.1));
  const Var next = b.set_state("h", gate * h + (1.0 - gate) * tanh(cumsum(c)));
  b.let("y", linear(layer_norm(next), parameter(b, "V", {4, 5})) * slice(x, -1, 2, 1));
}

// M = 0.9 M[t-1] + outer(k, v),  y = M q; what M begins with is learned.
void fast_weights(StepBuilder& b, Var x) {
  const Var m = b.state("M", {4, 5}), h = b.state("h", 4);
  const Var k = tanh(linear(x, parameter(b, "K", {4, 3})) + linear(h, parameter(b, "R", {4, 4})));
  const Var v = linear(x, parameter(b, "V", {5, 3})), q = linear(h, parameter(b, "Q", {5, 4}));
  const Var outer = matmul(reshape(k, {batch_dim, 4, 1}), reshape(v, {batch_dim, 1, 5}));
  b.set_initial("M", parameter(b, "M0", {4, 1}));
  const Var next = b.set_state("M", m * 0.9 + outer * parameter(b, "rate", {1}));
  const Var y = reshape(matmul(next, reshape(q, {batch_dim, 5, 1})), {batch_dim, 4});
  b.set_state("h", tanh(b.let("y", y) + h));
}

// Products of matrices with matrices of parameters on both sides, operands that are broadcast
// inside a row.
void matrices(StepBuilder& b, Var x) {
  const Var s = b.state("S", {3, 4});
  const Var in = reshape(linear(x, parameter(b, "W", {12, 3})), {batch_dim, 3, 4});
  const Var front = matmul(tanh(in), parameter(b, "A", {4, 4}));
  const Var right = matmul(s, parameter(b, "B", {4, 4}), false, true);
  const Var left = matmul(parameter(b, "L", {3, 3}), s);
  const Var turned = transpose(matmul(s, parameter(b, "T", {3, 3}), true, true));
  const Var rows = sum_to(s, {batch_dim, 1, 4}), columns = sum_to(in, {batch_dim, 3, 1});
  const Var sum = front + right * parameter(b, "e", {4}) + left * rows + turned * in +
                  columns * parameter(b, "f", {3, 1});
  const Var next = b.set_state("S", tanh(b.let("sum", sum * 0.3 + parameter(b, "G", {3, 4}))));
  const Var behind = matmul(next, parameter(b, "C", {4, 2})) + parameter(b, "h", {2});
  b.let("y", reshape(behind, {batch_dim, 6}));
}

// A state and parameters of rank 3: one matrix for each head.
void heads(StepBuilder& b, Var x) {
  const Var s = b.state("S", {2, 3, 4});
  const Var in = reshape(linear(x, parameter(b, "W", {24, 3})), {batch_dim, 2, 3, 4});
  const Var r = broadcast_to(parameter(b, "R", {2, 4, 4}), {batch_dim, 2, 4, 4});
  const Var mixed = b.let("mixed", matmul(s, r) + matmul(s, parameter(b, "B", {4, 4})));
  const Var next = b.set_state(
      "S", tanh(in * parameter(b, "P", {2, 3, 4}) + mixed + parameter(b, "q", {2, 1, 1})));
  b.let("y", reshape(sum_to(next, {batch_dim, 2, 1, 4}), {batch_dim, 8}));
}

// Additive attention (Bahdanau et al. 2015, appendix A.1.2) on a memory that is given.
void attention(StepBuilder& b, Var x) {
  const Var h = b.state("h", 4);
  const Var memory = b.given("memory", {6, 3}), keys = b.given("keys", {6, 5});
  const Var query = reshape(linear(h, parameter(b, "Q", {5, 4})), {batch_dim, 1, 5});
  const Var scores = matmul(tanh(keys + query), parameter(b, "v", {5, 1}));
  const Var weights =
      b.let("weights", softmax(reshape(scores, {batch_dim, 6}) + b.given("mask", {6})));
  const Var context = reshape(matmul(reshape(weights, {batch_dim, 1, 6}), memory), {batch_dim, 3});
  const Var next =
      b.set_state("h", tanh(linear(concat(std::array{x, context}, -1), parameter(b, "W", {4, 6})) +
                            linear(h, parameter(b, "U", {4, 4}))));
  b.let("y", concat(std::array{next, context}, -1));
}

// What is given, read in products with parameters, elementwise, behind the loop, and not at all.
void given_values(StepBuilder& b, Var x) {
  const Var c = b.given("c", {4}), d = b.given("d", {4}), h = b.state("h", 4);
  b.given("unused", {2});
  const Var in = linear(x, parameter(b, "W", {4, 3}));
  const Var next = b.set_state(
      "h", tanh(in + linear(c, parameter(b, "C", {4, 4})) + d * h + b.given("shift", {1})));
  b.let("y", linear(d * in, parameter(b, "V", {4, 4})) + next + c);
}

void PrintTo(const Example& example, std::ostream* out) { *out << example.name; }

class CallsTest : public testing::TestWithParam<Example> {
 protected:
  static std::vector<ScanOptions> cases() {
    std::vector<ScanOptions> all = scan_cases(steps);
    all.emplace_back();
    all.back().lengths = {0, 2, steps, 1};
    return all;
  }
  const Scan scan_{GetParam().build()};
};

TEST_P(CallsTest, AgreeWithTheTape) {
  for (ScanOptions options : cases()) {
    options.probes = GetParam().probes;
    options.gradient_norms = true;
    SCOPED_TRACE(to_text(options));
    const auto expected = run_scan<double>(scan_, steps, batch, options, Executor::tape);
    expect_close_runs(run_scan<double>(scan_, steps, batch, options), expected, 1e-10);
    if (HasFatalFailure()) return;
    const auto single = run_scan<float>(scan_, steps, batch, options);
    expect_close(single.outputs,
                 run_scan<float>(scan_, steps, batch, options, Executor::tape).outputs, 1e-4,
                 "outputs in float");
  }
}

TEST_P(CallsTest, SegmentsChangeNoBit) {
  for (ScanOptions options : cases()) {
    const auto expected = run_scan<float>(scan_, steps, batch, options);
    for (const Index segments : {2, 3, 0}) {
      options.segments = segments;
      SCOPED_TRACE(to_text(options));
      expect_same_run(run_scan<float>(scan_, steps, batch, options), expected);
    }
  }
}

// What a sequence gives does not depend on those that run beside it.
TEST_P(CallsTest, SequencesDoNotMix) {
  const StepProgram& program = scan_.program();
  const auto x = normal<double>({steps, 5, fixture_input}, "x");
  const auto run = [&](Index first, Index count, const std::vector<Index>& lengths) {
    Tape<double> tape;
    std::vector<Var> parameters;
    for (const auto& p : program.parameters) {
      parameters.push_back(tape.constant(normal<double>(p.shape, p.name)));
    }
    const Var in = slice(tape.constant(x), 1, first, count);
    const auto states = initial_states(program, tape, parameters, count);
    return tape.value(scan_.run(tape, parameters, {&in, 1}, states, {false, lengths}).outputs);
  };
  const std::vector<Index> lengths{40, steps, 3, 1, 64};
  const Tensor<double> together = run(0, 5, lengths);
  const Index width = together.shape().back();
  for (Index b = 0; b < 5; ++b) {
    const Tensor<double> alone = run(b, 1, {lengths[std::size_t(b)]});
    for (Index t = 0; t < steps; ++t) {
      for (Index i = 0; i < width; ++i) {
        ASSERT_NEAR(alone.data()[t * width + i], together.data()[(t * 5 + b) * width + i], 1e-12)
            << "sequence " << b << " step " << t;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, CallsTest,
                         testing::Values(Example{"vectors", vectors, {"a", "p", "gate"}},
                                         Example{"fast_weights", fast_weights, {"M", "y"}},
                                         Example{"matrices", matrices, {"sum"}},
                                         Example{"heads", heads, {"mixed"}},
                                         Example{"attention", attention, {"weights"}},
                                         Example{"given_values", given_values, {}}),
                         [](const testing::TestParamInfo<Example>& test) {
                           return test.param.name;
                         });

}  // namespace
}  // namespace carousel
