// Which mutants are worth training.

#include <algorithm>
#include <cmath>

#include "cell/ablation/structure.hpp"
#include "cell/mutation/mutation.hpp"
#include "cell/mutation/symbolic_cell.hpp"
#include "program/rewrite.hpp"
#include "program/steps.hpp"
#include "tape/parameters.hpp"

namespace carousel {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

// Whether the output depends on x, and on a state that depends on x and on its own old value.
bool is_recurrent(const StepProgram& program) {
  const std::vector<char> behind = nodes_behind_output(program);
  const int x = program.inputs[0];
  if (!behind[at(x)]) return false;
  return std::any_of(program.states.begin(), program.states.end(), [&](const ProgramState& state) {
    if (!behind[at(state.previous)] || state.is_given()) return false;
    StepProgram of_state = program;
    of_state.output = state.next;
    const std::vector<char> parts = nodes_behind_output(of_state);
    return parts[at(x)] && parts[at(state.previous)];
  });
}

// Whether outputs stay finite over some steps of noise.
bool stays_finite(const StepProgram& program) {
  constexpr Index steps = 20, batch = 2;
  constexpr double most = 1e6;
  std::vector<ParameterSpec> specs;
  for (const ProgramParameter& p : program.parameters) specs.push_back({p.name, p.shape, p.init});
  const ParameterSet<double> parameters(specs, 1);
  Tape<double> tape;
  std::vector<Var> inputs;
  for (const int id : program.inputs) {
    const Index size = program.nodes[at(id)].shape.back();
    inputs.push_back(tape.constant(
        initialise<double>(Initialiser::normal(1.0), {steps, batch, size}, Random(1, "noise"))));
  }
  const std::vector<Var> values = leaves(tape, parameters.values());
  const ScanResult result =
      scan_on_tape(program, tape, values, inputs, initial_states(program, tape, values, batch));
  const Tensor<double> outputs = tape.value(result.outputs);
  return std::all_of(outputs.values().begin(), outputs.values().end(),
                     [](double v) { return std::isfinite(v) && std::abs(v) < most; });
}

}  // namespace

MutantFault fault_of(const StepProgram& mutant, const std::string& text, const StepProgram& origin,
                     const MutantLimits& limits) {
  const auto ops = std::count_if(mutant.nodes.begin(), mutant.nodes.end(), [](const auto& node) {
    return node.kind == ProgramNode::Kind::op;
  });
  const double share = static_cast<double>(mutant.parameter_count()) /
                       static_cast<double>(std::max<Index>(origin.parameter_count(), 1));
  if (ops > limits.nodes || share > limits.growth) return MutantFault::too_large;
  if (share < 1.0 / (4.0 * limits.growth) || !is_recurrent(mutant)) return MutantFault::malformed;
  try {
    if (!stays_finite(program_of_text(text, {8, 8, {}}))) return MutantFault::malformed;
  } catch (const InputError&) {
    return MutantFault::malformed;
  }
  return MutantFault::none;
}

}  // namespace carousel
