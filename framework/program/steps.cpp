#include "program/steps.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

void check_count(const StepProgram& program, const char* what, std::size_t got,
                 std::size_t expected) {
  if (got != expected) {
    fail_input("cell {}: got {} {}, expected {}", program.name, got, what, expected);
  }
}

void check_shape(const StepProgram& program, const std::string& name, Var got,
                 const Shape& expected) {
  if (!(got.shape() == expected)) {
    fail_input("cell {}: {} has shape {}, expected {}", program.name, name, got.shape().to_string(),
               expected.to_string());
  }
}

// "value 'c' (reads W_c, U_c, b_c)" for a node inside the expression of c.
std::string describe(const StepProgram& program, int id) {
  std::vector<char> uses(program.nodes.size(), 0);
  uses[static_cast<std::size_t>(id)] = 1;
  std::size_t named = static_cast<std::size_t>(id);
  for (std::size_t i = named + 1; program.nodes[named].name.empty() && i < uses.size(); ++i) {
    for (const int input : program.nodes[i].inputs)
      uses[i] |= uses[static_cast<std::size_t>(input)];
    if (uses[i] && !program.nodes[i].name.empty()) named = i;
  }
  std::vector<char> read(program.nodes.size(), 0);
  std::vector<int> open{static_cast<int>(named)};
  while (!open.empty()) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(open.back())];
    open.pop_back();
    for (const int input : node.inputs) {
      read[static_cast<std::size_t>(input)] = 1;
      if (program.nodes[static_cast<std::size_t>(input)].name.empty()) open.push_back(input);
    }
  }
  std::string parameters;
  for (const ProgramParameter& p : program.parameters) {
    if (!read[static_cast<std::size_t>(p.node)]) continue;
    parameters += (parameters.empty() ? "" : ", ") + p.name;
  }
  return fmt::format("value '{}' of cell {}{}", program.nodes[named].name, program.name,
                     parameters.empty() ? "" : " (reads parameters " + parameters + ")");
}

}  // namespace

std::vector<Var> run_nodes(const StepProgram& program, std::span<const Var> parameters,
                           std::span<const Var> inputs, std::span<const Var> states) {
  check_count(program, "parameters", parameters.size(), program.parameters.size());
  check_count(program, "inputs", inputs.size(), program.inputs.size());
  check_count(program, "states", states.size(), program.states.size());
  Graph& graph = *inputs[0].graph;
  const Index batch = inputs[0].shape()[0];
  std::vector<Var> values(program.nodes.size());
  const auto set = [&](int node, Var value) {
    const ProgramNode& n = program.nodes[static_cast<std::size_t>(node)];
    check_shape(program, n.name, value, with_batch(n.shape, batch));
    values[static_cast<std::size_t>(node)] = value;
  };
  for (std::size_t k = 0; k < inputs.size(); ++k) set(program.inputs[k], inputs[k]);
  for (std::size_t k = 0; k < states.size(); ++k) set(program.states[k].previous, states[k]);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    set(program.parameters[k].node, parameters[k]);
  }
  std::vector<Var> arguments;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    if (node.kind != ProgramNode::Kind::op) continue;
    arguments.clear();
    for (const int input : node.inputs) {
      arguments.push_back(values[static_cast<std::size_t>(input)]);
    }
    Attributes attributes = node.attributes;
    attributes.shape = with_batch(attributes.shape, batch);
    try {
      values[i] = graph.apply(*node.op, arguments, attributes);
    } catch (const NonFiniteError& error) {
      throw NonFiniteError(
          fmt::format("{}: {}", describe(program, static_cast<int>(i)), error.what()));
    }
  }
  return values;
}

StepResult run_step(const StepProgram& program, std::span<const Var> parameters,
                    std::span<const Var> inputs, std::span<const Var> states) {
  const std::vector<Var> values = run_nodes(program, parameters, inputs, states);
  StepResult result{values[static_cast<std::size_t>(program.output)], {}};
  for (const ProgramState& state : program.states) {
    result.states.push_back(values[static_cast<std::size_t>(state.next)]);
  }
  return result;
}

template <class T>
std::vector<Var> initial_states(const StepProgram& program, Tape<T>& tape,
                                std::span<const Var> parameters, Index batch) {
  check_count(program, "parameters", parameters.size(), program.parameters.size());
  std::vector<Var> values(program.nodes.size());
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    values[static_cast<std::size_t>(program.parameters[k].node)] = parameters[k];
  }
  const auto evaluate = [&](const auto& self, int id) -> Var {
    Var& value = values[static_cast<std::size_t>(id)];
    if (value.defined()) return value;
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(id)];
    std::vector<Var> arguments;
    for (const int input : node.inputs) arguments.push_back(self(self, input));
    return value = tape.apply(*node.op, arguments, node.attributes);
  };
  std::vector<Var> states;
  for (const ProgramState& state : program.states) {
    const Shape shape = with_batch(state.shape, batch);
    states.push_back(state.initial_node < 0
                         ? tape.constant(Tensor<T>::full(shape, static_cast<T>(state.initial)))
                         : broadcast_to(evaluate(evaluate, state.initial_node), shape));
  }
  return states;
}

Shape check_scan(const StepProgram& program, std::span<const Var> inputs,
                 const ScanOptions& options) {
  check_count(program, "inputs", inputs.size(), program.inputs.size());
  const Shape shape = inputs[0].shape();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(program.inputs[k])];
    const Shape got = inputs[k].shape();
    if (got.rank() != 3 || got[2] != node.shape.back()) {
      fail_input("cell {}: {} has shape {}, expected [steps, batch, {}]", program.name, node.name,
                 got.to_string(), node.shape.back());
    }
    if (got[0] != shape[0] || got[1] != shape[1]) {
      fail_input("cell {}: {} has shape {}, expected [{}, {}, {}] as x", program.name, node.name,
                 got.to_string(), shape[0], shape[1], node.shape.back());
    }
  }
  if (shape[0] == 0 || shape[1] == 0) {
    fail_input("cell {}: x has shape {}, expected at least one step of one sequence", program.name,
               shape.to_string());
  }
  if (options.rounding == Rounding::bf16 && !has_bf16()) {
    fail_input("cell {}: this processor has no products in bf16 (AVX512-BF16)", program.name);
  }
  if (options.segments < 0) {
    fail_input("cell {}: got {} segments, expected 0 or more", program.name, options.segments);
  }
  if (!options.lengths.empty()) {
    check_count(program, "lengths", options.lengths.size(), static_cast<std::size_t>(shape[1]));
  }
  for (const Index length : options.lengths) {
    if (length < 0 || length > shape[0]) {
      fail_input("cell {}: got length {}, expected one in [0, {}]", program.name, length, shape[0]);
    }
  }
  return shape;
}

void check_states(const StepProgram& program, std::span<const Var> states, Index batch) {
  check_count(program, "states", states.size(), program.states.size());
  for (std::size_t k = 0; k < states.size(); ++k) {
    check_shape(program, "state " + program.states[k].name, states[k],
                with_batch(program.states[k].shape, batch));
  }
}

std::vector<int> find_probes(const StepProgram& program, const std::vector<std::string>& names) {
  std::vector<int> nodes;
  for (const std::string& name : names) {
    std::vector<std::string> known;
    int found = -1;
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      const ProgramNode& node = program.nodes[i];
      if (node.kind != ProgramNode::Kind::op || node.name.empty()) continue;
      known.push_back(node.name);
      if (node.name == name) found = static_cast<int>(i);
    }
    if (found < 0) {
      fail_input("cell {}: there is no value '{}' to record{}", program.name, name,
                 did_you_mean(name, known));
    }
    const Shape& shape = program.nodes[static_cast<std::size_t>(found)].shape;
    if (shape.rank() == 0 || shape[0] != batch_dim) {
      fail_input("cell {}: '{}' is the same for all sequences and steps", program.name, name);
    }
    nodes.push_back(found);
  }
  return nodes;
}

namespace {

// A state as it is; notes the norm of the gradient that passes.
template <class T>
class NormNode final : public CustomNode<T> {
 public:
  explicit NormNode(std::shared_ptr<GradientNorms> norms, std::size_t state, Index step)
      : norms_(std::move(norms)), state_(state), step_(static_cast<std::size_t>(step)) {}
  std::vector<Tensor<T>> backward(const Tensor<T>& gradient) override {
    double sum = 0.0;
    for (const T g : gradient.values()) sum += double(g) * double(g);
    norms_->norms[state_][step_] = std::sqrt(sum);
    return {gradient};
  }
  Var expand(Tape<T>&, std::span<const Var> inputs) override { return inputs[0]; }

 private:
  std::shared_ptr<GradientNorms> norms_;
  std::size_t state_, step_;
};

// Values [batch, ..] of all steps as [T, batch, ..].
Var stack_steps(std::span<const Var> steps) {
  std::vector<Var> rows;
  for (const Var& step : steps) {
    Shape with_time{1};
    for (const Index dim : step.shape()) with_time.push_back(dim);
    rows.push_back(reshape(step, with_time));
  }
  return concat(rows, 0);
}

}  // namespace

template <class T>
ScanResult scan_on_tape(const StepProgram& program, Tape<T>& tape, std::span<const Var> parameters,
                        std::span<const Var> inputs, std::span<const Var> states,
                        const ScanOptions& options) {
  const Shape x_shape = check_scan(program, inputs, options);
  check_states(program, states, x_shape[1]);
  const std::vector<int> probed = find_probes(program, options.probes);
  const auto steps = static_cast<std::size_t>(x_shape[0]);
  const std::vector<Index>& lengths = options.lengths;
  const Index shortest =
      lengths.empty() ? x_shape[0] : *std::min_element(lengths.begin(), lengths.end());

  std::vector<Var> current(states.begin(), states.end());
  std::vector<Var> outputs(steps);
  std::vector<std::vector<Var>> probes(probed.size(), std::vector<Var>(steps));
  std::shared_ptr<GradientNorms> norms;
  if (options.gradient_norms) {
    norms = std::make_shared<GradientNorms>();
    norms->norms.assign(states.size(), std::vector<double>(steps));
  }
  const Var zero = carousel::constant(tape, 0.0);
  for (std::size_t k = 0; k < steps; ++k) {
    const std::size_t t = options.reverse ? steps - 1 - k : k;
    const auto step = static_cast<Index>(t);
    std::vector<Var> read = current;
    for (std::size_t s = 0; norms && s < read.size(); ++s) {
      if (program.states[s].is_given()) continue;
      read[s] = tape.record(tape.value(read[s]), {&current[s], 1},
                            std::make_shared<NormNode<T>>(norms, s, step));
    }
    std::vector<Var> nodes;
    try {
      std::vector<Var> now;
      for (const Var& input : inputs) {
        now.push_back(reshape(slice(input, 0, step, 1), {x_shape[1], input.shape()[2]}));
      }
      nodes = run_nodes(program, parameters, now, read);
    } catch (const NonFiniteError& error) {
      throw NonFiniteError(fmt::format("step {}: {}", t, error.what()));
    }
    const auto value = [&](int node) { return nodes[static_cast<std::size_t>(node)]; };
    outputs[t] = value(program.output);
    for (std::size_t p = 0; p < probed.size(); ++p) {
      probes[p][t] = tape.constant(tape.value(value(probed[p])));
    }
    std::vector<Var> next;
    for (const ProgramState& state : program.states) next.push_back(value(state.next));
    if (step >= shortest) {  // sequences that have ended keep their state
      Tensor<T> mask = Tensor<T>::uninitialised({x_shape[1]});
      for (std::size_t b = 0; b < lengths.size(); ++b) {
        mask.data()[b] = step < lengths[b] ? T(1) : T(0);
      }
      // 1 for the sequences that run, in the rank of a value [batch, ..].
      const auto runs = [&](Var of) {
        Shape shape{x_shape[1]};
        while (shape.rank() < of.shape().rank()) shape.push_back(1);
        return tape.constant(mask.reshaped(shape));
      };
      for (std::size_t s = 0; s < next.size(); ++s) {
        next[s] = where(runs(next[s]), next[s], current[s]);
      }
      outputs[t] = where(runs(outputs[t]), outputs[t], zero);
      for (auto& probe : probes) probe[t] = where(runs(probe[t]), probe[t], zero);
    }
    current = next;
  }
  ScanResult result{options.outputs ? stack_steps(outputs) : Var(), current, {}, norms};
  for (const auto& probe : probes) result.probes.push_back(stack_steps(probe));
  return result;
}

template std::vector<Var> initial_states(const StepProgram&, Tape<float>&, std::span<const Var>,
                                         Index);
template std::vector<Var> initial_states(const StepProgram&, Tape<double>&, std::span<const Var>,
                                         Index);
template ScanResult scan_on_tape(const StepProgram&, Tape<float>&, std::span<const Var>,
                                 std::span<const Var>, std::span<const Var>, const ScanOptions&);
template ScanResult scan_on_tape(const StepProgram&, Tape<double>&, std::span<const Var>,
                                 std::span<const Var>, std::span<const Var>, const ScanOptions&);

}  // namespace carousel
