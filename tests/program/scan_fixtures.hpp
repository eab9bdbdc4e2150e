#pragma once
// What the tests of scans share: the cells, random tensors, comparisons, and one whole run.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "program/scan.hpp"
#include "tape/parameters.hpp"

namespace carousel {

template <class T>
Tensor<T> normal(const Shape& shape, const std::string& stream) {
  return initialise<T>(Initialiser::normal(0.5), shape, Random(3, stream));
}

template <class T>
double largest(const Tensor<T>& tensor) {
  double most = 0.0;
  for (const T v : tensor.values()) most = std::max(most, std::abs(double(v)));
  return most;
}

/// Each element, to `tolerance` times the largest of what is expected, or `least_scale`.
template <class T>
void expect_close(const Tensor<T>& got, const Tensor<T>& expected, double tolerance,
                  const std::string& name, double least_scale = 1e-3) {
  ASSERT_TRUE(got.defined()) << name;
  ASSERT_EQ(got.shape(), expected.shape()) << name;
  const double scale = std::max(least_scale, largest(expected));
  for (Index i = 0; i < got.numel(); ++i) {
    ASSERT_NEAR(double(got.data()[i]), double(expected.data()[i]), tolerance * scale)
        << name << " element " << i;
  }
}

template <class T>
void expect_same_bits(const Tensor<T>& got, const Tensor<T>& expected, const std::string& name) {
  ASSERT_EQ(got.defined(), expected.defined()) << name;
  ASSERT_EQ(got.shape(), expected.shape()) << name;
  for (Index i = 0; i < got.numel(); ++i) {
    ASSERT_EQ(std::memcmp(got.data() + i, expected.data() + i, sizeof(T)), 0)
        << name << " element " << i << ": " << got.data()[i] << " and " << expected.data()[i];
  }
}

enum class Executor { tape, compiled };
enum class LossOf { outputs_and_states, states };

/// Random tensors for the inputs of a program: [steps, batch, size] each.
template <class T>
std::vector<Tensor<T>> random_inputs(const StepProgram& program, Index steps, Index batch) {
  std::vector<Tensor<T>> all;
  for (const int node : program.inputs) {
    const ProgramNode& n = program.nodes[std::size_t(node)];
    all.push_back(normal<T>({steps, batch, n.shape.back()}, n.name));
    if (!n.otherwise) continue;  // near what it usually is
    for (T& v : all.back().values()) v = T(*n.otherwise) + T(0.4) * v;
  }
  return all;
}

/// All that a scan and its way back give.
template <class T>
struct ScanRun {
  Tensor<T> outputs;  // an empty handle when they were not wanted
  std::vector<Tensor<T>> final_states, probes;
  std::vector<std::string> wrt;  // names of the gradients
  std::vector<Tensor<T>> gradients;
  std::vector<std::vector<double>> norms;
};

constexpr Index fixture_input = 3, fixture_hidden = 5;

/// A cell at the sizes of the fixture, or the nearest that it takes.
inline StepProgram fixture_program(const Cell& cell) {
  return cell.build(nearest_sizes(cell, {fixture_input, fixture_hidden}));
}

/// Near what training starts from, where every cell is well behaved, but no zeros.
template <class T>
std::vector<Tensor<T>> random_parameters(const StepProgram& program) {
  std::vector<ParameterSpec> specs;
  for (const auto& p : program.parameters) specs.push_back({p.name, p.shape, p.init});
  std::vector<Tensor<T>> values = ParameterSet<T>(specs, 3).snapshot();
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const auto noise = normal<T>(specs[k].shape, specs[k].name);
    for (Index i = 0; i < noise.numel(); ++i) values[k].data()[i] += T(0.2) * noise.data()[i];
  }
  return values;
}

/// Positive: some cells divide by a state.
template <class T>
std::vector<Tensor<T>> random_states(const StepProgram& program, Index batch) {
  std::vector<Tensor<T>> values;
  for (const auto& state : program.states) {
    values.push_back(normal<T>(with_batch(state.shape, batch), state.name));
    for (T& v : values.back().values()) v = T(0.2) + std::abs(v);
  }
  return values;
}

/// Runs a scan of fixed random tensors and a random linear loss.
template <class T>
ScanRun<T> run_scan(const Scan& scan, Index steps, Index batch, const ScanOptions& options,
                    Executor executor = Executor::compiled,
                    LossOf loss_of = LossOf::outputs_and_states) {
  const StepProgram& program = scan.program();
  ScanRun<T> run;
  Tape<T> tape;
  std::vector<Var> wrt;
  for (const auto& value : random_parameters<T>(program)) {
    run.wrt.push_back(program.parameters[wrt.size()].name);
    wrt.push_back(tape.leaf(value));
  }
  for (const auto& input : random_inputs<T>(program, steps, batch)) {
    run.wrt.push_back("input " + std::to_string(wrt.size() - program.parameters.size()));
    wrt.push_back(tape.leaf(input));
  }
  for (const auto& value : random_states<T>(program, batch)) wrt.push_back(tape.leaf(value));
  for (const auto& s : program.states) run.wrt.push_back("initial " + s.name);
  const std::size_t count = program.parameters.size();
  const std::span<const Var> all(wrt);
  const std::span<const Var> inputs = all.subspan(count, program.inputs.size());
  const std::span<const Var> states = all.subspan(count + inputs.size());
  const ScanResult result =
      executor == Executor::tape
          ? scan_on_tape(program, tape, all.first(count), inputs, states, options)
          : scan.run(tape, all.first(count), inputs, states, options);
  Var loss = constant(tape, 0.0);
  if (result.outputs.defined()) run.outputs = tape.value(result.outputs);
  if (loss_of == LossOf::outputs_and_states) {
    const auto weight = normal<T>(result.outputs.shape(), "weight");
    loss = loss + sum(result.outputs * tape.constant(weight));
  }
  for (std::size_t k = 0; k < result.final_states.size(); ++k) {
    const Var state = result.final_states[k];
    run.final_states.push_back(tape.value(state));
    const auto weight = normal<T>(state.shape(), "weight " + program.states[k].name);
    loss = loss + sum(state * tape.constant(weight));
  }
  for (const Var& probe : result.probes) run.probes.push_back(tape.value(probe));
  run.gradients = tape.gradients(loss, wrt);
  if (result.gradient_norms) run.norms = result.gradient_norms->norms;
  return run;
}

/// All of two runs. A gradient is a sum over steps and sequences that may nearly cancel, while its
/// terms are rounded by their own size: mlstm has one of 0.007 whose terms' magnitudes add up to
/// 2.7, and two ways to round them differ by 5e-5 of it. So one that is less than a hundredth of
/// the run's largest is compared by that.
template <class T>
void expect_close_runs(const ScanRun<T>& got, const ScanRun<T>& expected, double tolerance) {
  if (expected.outputs.defined()) expect_close(got.outputs, expected.outputs, tolerance, "outputs");
  for (std::size_t k = 0; k < expected.final_states.size(); ++k) {
    expect_close(got.final_states[k], expected.final_states[k], tolerance,
                 "final state " + std::to_string(k));
  }
  for (std::size_t k = 0; k < expected.probes.size(); ++k) {
    expect_close(got.probes[k], expected.probes[k], tolerance, "probe " + std::to_string(k));
  }
  double steepest = 0.0;
  for (const auto& gradient : expected.gradients) steepest = std::max(steepest, largest(gradient));
  for (std::size_t k = 0; k < expected.gradients.size(); ++k) {
    expect_close(got.gradients[k], expected.gradients[k], tolerance, expected.wrt[k],
                 std::max(1e-3, 1e-2 * steepest));
  }
  for (std::size_t k = 0; k < expected.norms.size(); ++k) {
    for (std::size_t t = 0; t < expected.norms[k].size(); ++t) {
      const double norm = expected.norms[k][t];
      ASSERT_NEAR(got.norms[k][t], norm, tolerance * std::max(norm, 1.0))
          << "norm of state " << k << " at step " << t;
    }
  }
}

/// Final states and gradients of two runs; outputs too where both have them.
template <class T>
void expect_same_run(const ScanRun<T>& got, const ScanRun<T>& expected) {
  if (got.outputs.defined() && expected.outputs.defined()) {
    expect_same_bits(got.outputs, expected.outputs, "outputs");
  }
  for (std::size_t k = 0; k < expected.final_states.size(); ++k) {
    expect_same_bits(got.final_states[k], expected.final_states[k],
                     "final state " + std::to_string(k));
  }
  for (std::size_t k = 0; k < expected.gradients.size(); ++k) {
    expect_same_bits(got.gradients[k], expected.gradients[k], "gradient of " + expected.wrt[k]);
  }
}

/// Lengths of four sequences, and the direction.
inline std::vector<ScanOptions> scan_cases(Index steps) {
  std::vector<ScanOptions> cases(4);
  cases[1].lengths = {steps * 2 / 7, steps, 3, steps * 2 / 3};
  cases[2].reverse = true;
  cases[3] = cases[1];
  cases[3].reverse = true;
  return cases;
}

inline std::string to_text(const ScanOptions& options) {
  return std::string(options.lengths.empty() ? "equal" : "unequal") + " lengths, " +
         (options.reverse ? "reverse, " : "forward, ") + std::to_string(options.segments) +
         " segments";
}

}  // namespace carousel
