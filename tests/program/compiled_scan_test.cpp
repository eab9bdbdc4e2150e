// The compiled scan against the tape, for every cell: values and every gradient.

#include "program/compiled_scan.hpp"

#include <gtest/gtest.h>

#include <set>

#include "scan_fixtures.hpp"

namespace carousel {
namespace {

constexpr Index batch = 4, input = 4;

template <class T>
Tensor<T> pack(const Tensor<T>& padded, const std::vector<Index>& lengths) {
  const Index width = padded.shape().back();
  std::vector<T> rows;
  for (Index t = 0; t < padded.shape()[0]; ++t) {
    for (Index b = 0; b < batch && t < lengths[std::size_t(b)]; ++b) {
      const T* row = padded.data() + (t * batch + b) * width;
      rows.insert(rows.end(), row, row + width);
    }
  }
  return Tensor<T>::from({static_cast<Index>(rows.size()) / width, width}, rows);
}

template <class T>
void expect_scan_agrees_with_tape(const StepProgram& program, const std::vector<Index>& lengths,
                                  double tolerance) {
  const Index steps = lengths.front();
  const std::vector<Tensor<T>> inputs = random_inputs<T>(program, steps, batch);
  const std::vector<Tensor<T>> parameters = random_parameters<T>(program);
  const std::vector<Tensor<T>> states = random_states<T>(program, batch);
  std::vector<Tensor<T>> weights;
  for (const auto& s : program.states) {
    weights.push_back(normal<T>(with_batch(s.shape, batch), "weight " + s.name));
  }
  const Tensor<T> weight = normal<T>({steps, batch, program.output_shape().back()}, "weight");

  Tape<T> tape;
  std::vector<Var> wrt, start;
  for (const auto& p : parameters) wrt.push_back(tape.leaf(p));
  for (const auto& in : inputs) wrt.push_back(tape.leaf(in));
  for (const auto& s : states) start.push_back(tape.leaf(s));
  wrt.insert(wrt.end(), start.begin(), start.end());
  const auto run = scan_on_tape(program, tape, std::span(wrt).first(parameters.size()),
                                std::span(wrt).subspan(parameters.size(), inputs.size()), start,
                                {false, lengths});
  Var loss = sum(run.outputs * tape.constant(weight));
  for (std::size_t k = 0; k < states.size(); ++k) {
    loss = loss + sum(run.final_states[k] * tape.constant(weights[k]));
  }
  const auto expected = tape.gradients(loss, wrt);

  const ScanPlan plan = plan_scan(program);
  CompiledScan<T> compiled(plan);
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second run finds used memory
    std::vector<Tensor<T>> packed;
    for (const auto& in : inputs) packed.push_back(pack(in, lengths));
    const Tensor<T> packed_weight = pack(weight, lengths);
    compiled.forward(parameters, packed, states, lengths);
    expect_close(compiled.outputs(), pack(tape.value(run.outputs), lengths), tolerance, "outputs");
    for (std::size_t k = 0; k < states.size(); ++k) {
      expect_close(compiled.final_states()[k], tape.value(run.final_states[k]), tolerance,
                   "final " + program.states[k].name);
    }
    compiled.backward(packed_weight, weights);
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      expect_close(compiled.parameter_gradients()[k], expected[k], tolerance,
                   program.parameters[k].name);
    }
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      Tensor<T> gradient = compiled.input_gradients()[k];
      if (!gradient.defined()) gradient = Tensor<T>::zeros(packed[k].shape());
      expect_close(gradient, pack(expected[parameters.size() + k], lengths), tolerance,
                   program.nodes[std::size_t(program.inputs[k])].name);
    }
    for (std::size_t k = 0; k < states.size(); ++k) {
      expect_close(compiled.state_gradients()[k], expected[parameters.size() + inputs.size() + k],
                   tolerance, "initial " + program.states[k].name);
    }
  }
}

class CompiledScanTest : public testing::TestWithParam<Cell> {};

// Cells that multiply a difference at each step, so that 90 steps in float show nothing.
const std::set<std::string> growing = {"hyper_lstm", "ln_lstm", "ln_lstm_fed_back", "noaf", "nru",
                                       "ode_rnn",    "surnn"};

TEST_P(CompiledScanTest, AgreesWithTheTape) {
  const StepProgram program = fixture_program(GetParam());
  for (const std::vector<Index>& lengths : {std::vector<Index>{6, 6, 6, 6},
                                            {7, 4, 4, 1},
                                            {5, 2, 0, 0},
                                            {1, 1, 1, 1},
                                            {90, 90, 90, 90},
                                            {120, 70, 33, 1}}) {
    const bool grows = lengths.front() > 7 && growing.count(GetParam().name) > 0;
    expect_scan_agrees_with_tape<double>(program, lengths, grows ? 1e-7 : 1e-10);
    if (!grows) expect_scan_agrees_with_tape<float>(program, lengths, 2e-5);
  }
}

// Two uses of one scan on a tape, the second reading the first's final state, and the tape twice.
TEST_P(CompiledScanTest, IsANodeOfTheTape) {
  const StepProgram program = fixture_program(GetParam());
  const Scan compiled(program);
  std::vector<std::vector<Tensor<double>>> gradients;
  for (const bool by_steps : {true, false}) {
    Tape<double> tape;
    std::vector<Var> parameters;
    for (const auto& p : random_parameters<double>(program)) parameters.push_back(tape.leaf(p));
    std::vector<Var> inputs;
    for (const auto& in : random_inputs<double>(program, 5, batch)) inputs.push_back(tape.leaf(in));
    const auto run = [&](std::span<const Var> states, const ScanOptions& options) {
      return by_steps ? scan_on_tape(program, tape, parameters, inputs, states, options)
                      : compiled.run(tape, parameters, inputs, states, options);
    };
    const auto first = run(initial_states(program, tape, parameters, batch), {false, {2, 5, 0, 3}});
    const auto second = run(first.final_states, {true, {5, 1, 4, 4}});
    const Var loss = sum(second.outputs * second.outputs) + sum(second.final_states[0]);
    std::vector<Var> wrt = parameters;
    wrt.insert(wrt.end(), inputs.begin(), inputs.end());
    for (int repeat = 0; repeat < 2; ++repeat) gradients.push_back(tape.gradients(loss, wrt));
  }
  for (std::size_t g = 1; g < gradients.size(); ++g) {
    for (std::size_t k = 0; k < gradients[0].size(); ++k) {
      expect_close(gradients[g][k], gradients[0][k], 1e-12, "gradient " + std::to_string(k));
    }
  }
}

// v and w as matrices [2, 2], or one of them and a matrix of parameters.
Var as_matrix(Var v) { return reshape(v, {batch_dim, 2, 2}); }
Var as_vector(Var m) { return reshape(m, {batch_dim, input}); }

// Ops that are neither elementwise nor products of vectors with matrices.
Var other_op(std::size_t which, Var v, Var w, Var small, Var number) {
  const Var m = as_matrix(v), n = as_matrix(w);
  const Var row = slice(small, 0, 0, 1);  // [1, 2]: broadcast inside a row of the batch
  const std::array<Var, 12> choices{exp(v - logsumexp(v)),
                                    concat(std::array{slice(v, -1, 2, 2), slice(w, -1, 0, 2)}, -1),
                                    v * sum_to(w, {batch_dim, 1}),
                                    cumsum(v),
                                    v - row_max(w),
                                    v * number,
                                    as_vector(matmul(m, n)),
                                    as_vector(matmul(m, small) + n),
                                    as_vector(matmul(small, m, true, false)),
                                    as_vector(m * row - sum_to(n, {batch_dim, 2, 1})),
                                    as_vector(transpose(m) + transpose(small)),
                                    as_vector(matmul(m, small, true, true) * row)};
  return choices[which];
}

// A program of random equations over vectors of one size: products with new and used matrices,
// sums, elementwise and other ops, states that any value may feed.
StepProgram random_program(std::uint64_t seed, bool other_ops) {
  Random random(seed, "program");
  const auto pick = [&](std::size_t n) { return std::size_t(random.uniform() * double(n)); };
  StepBuilder b("random" + std::to_string(seed));
  std::vector<Var> values{b.input("x", input)};
  const std::size_t states = 1 + pick(3);
  for (std::size_t s = 0; s < states; ++s) {
    values.push_back(b.state("s" + std::to_string(s), input));
  }
  std::vector<Var> matrices, vectors;
  for (int m = 0; m < 3; ++m) {
    const std::string name = std::to_string(m);
    matrices.push_back(b.parameter("M" + name, {input, input}, Initialiser::glorot()));
    vectors.push_back(b.parameter("b" + name, {input}, Initialiser::zeros()));
  }
  const Var small = b.parameter("S", {2, 2}, Initialiser::glorot());
  const Var number = b.parameter("n", {1}, Initialiser::ones());
  const std::size_t count = 4 + pick(12);
  for (std::size_t k = 0; k < count; ++k) {
    const Var v = values[pick(values.size())], w = values[pick(values.size())];
    const Var matrix = matrices[pick(3)];
    const std::array<Var, 10> choices{linear(v, matrix),
                                      linear(v, matrix) + linear(w, matrices[pick(3)]),
                                      linear(v, matrix) + vectors[pick(3)],
                                      v + w,
                                      v * w,
                                      v - w,
                                      tanh(v),
                                      sigmoid(v + vectors[pick(3)]),
                                      1.0 - v,
                                      v * vectors[pick(3)]};
    if (other_ops && pick(2) == 0) {
      values.push_back(tanh(other_op(pick(12), v, w, small, number)));
      continue;
    }
    const Var made = tanh(choices[pick(choices.size())]) * 0.9;
    values.push_back(pick(2) == 0 ? made : b.let("v" + std::to_string(k), choices[pick(10)]));
  }
  for (std::size_t s = 0; s < states; ++s) {
    b.set_state("s" + std::to_string(s), tanh(values[pick(values.size())]));
  }
  b.let("out", values[pick(values.size())] + 0.0);
  b.set_output("out");
  return b.finish();
}

TEST(CompiledScan, AgreesWithTheTapeForRandomPrograms) {
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const StepProgram program = random_program(seed, seed % 2 == 1);
    SCOPED_TRACE(to_text(program));
    expect_scan_agrees_with_tape<double>(program, {40, 33, 33, 2}, 1e-9);
    if (HasFatalFailure()) return;
  }
}

// Work in front of the loop reads values that differ from sequence to sequence by shape alone.
TEST(CompiledScan, JoinsARepeatedParameterAndTheInput) {
  StepBuilder b("test");
  const Var x = b.input("x", 3), h = b.state("h", 5);
  const Var p = b.parameter("p", {2}, Initialiser::zeros());
  const Var repeated = broadcast_to(exp(p), {batch_dim, 2});
  const Var s = b.let("s", concat(std::vector{repeated, x, repeated + 1.0}, -1));
  const Var u = b.parameter("U", {5, 5}, Initialiser::glorot());
  b.set_state("h", tanh(linear(h, u) + slice(s, -1, 0, 5) * slice(s, -1, 2, 5)));
  b.set_output("h");
  expect_scan_agrees_with_tape<double>(b.finish(), {40, 33, 33, 2}, 1e-11);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, CompiledScanTest, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

}  // namespace
}  // namespace carousel
