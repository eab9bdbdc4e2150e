#include "program/steps.hpp"

#include <algorithm>

namespace carousel {
namespace {

void check_count(const StepProgram& program, const char* what, std::size_t got,
                 std::size_t expected) {
  if (got != expected) {
    fail_input("cell {}: got {} {}, expected {}", program.name, got, what, expected);
  }
}

Shape with_batch(Shape shape, Index batch) {
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == batch_dim) shape[i] = batch;
  }
  return shape;
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
std::vector<Var> initial_states(const StepProgram& program, Tape<T>& tape, Index batch) {
  std::vector<Var> states;
  for (const ProgramState& state : program.states) {
    states.push_back(tape.constant(
        Tensor<T>::full(with_batch(state.shape, batch), static_cast<T>(state.initial))));
  }
  return states;
}

Shape check_scan(const StepProgram& program, Var x, const ScanOptions& options) {
  const Shape shape = x.shape();
  if (shape.rank() != 3) {
    fail_input("cell {}: x has shape {}, expected [steps, batch, size]", program.name,
               shape.to_string());
  }
  check_count(program, "inputs", 1, program.inputs.size());
  const Index size = program.nodes[static_cast<std::size_t>(program.inputs[0])].shape.back();
  if (shape[2] != size) {
    fail_input("cell {}: x has shape {}, expected [steps, batch, {}]", program.name,
               shape.to_string(), size);
  }
  if (shape[0] == 0 || shape[1] == 0) {
    fail_input("cell {}: x has shape {}, expected at least one step of one sequence", program.name,
               shape.to_string());
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

template <class T>
ScanResult scan_on_tape(const StepProgram& program, Tape<T>& tape, std::span<const Var> parameters,
                        Var x, std::span<const Var> states, const ScanOptions& options) {
  const Shape x_shape = check_scan(program, x, options);
  const Index steps = x_shape[0];
  const Index batch = x_shape[1];
  const std::vector<Index>& lengths = options.lengths;
  const Index shortest =
      lengths.empty() ? steps : *std::min_element(lengths.begin(), lengths.end());

  std::vector<Var> current(states.begin(), states.end());
  std::vector<Var> outputs(static_cast<std::size_t>(steps));
  const Var zero = carousel::constant(tape, 0.0);
  for (Index k = 0; k < steps; ++k) {
    const Index t = options.reverse ? steps - 1 - k : k;
    StepResult result;
    try {
      const Var x_t = reshape(slice(x, 0, t, 1), {batch, x_shape[2]});
      result = run_step(program, parameters, {&x_t, 1}, current);
    } catch (const NonFiniteError& error) {
      throw NonFiniteError(fmt::format("step {}: {}", t, error.what()));
    }
    if (t >= shortest) {  // sequences that have ended keep their state
      Tensor<T> mask = Tensor<T>::uninitialised({batch, 1});
      for (Index b = 0; b < batch; ++b) {
        mask.data()[b] = t < lengths[static_cast<std::size_t>(b)] ? T(1) : T(0);
      }
      const Var runs = tape.constant(mask);
      for (std::size_t s = 0; s < current.size(); ++s) {
        result.states[s] = where(runs, result.states[s], current[s]);
      }
      result.output = where(runs, result.output, zero);
    }
    current = result.states;
    Shape with_time{1};
    const Shape shape = result.output.shape();
    for (const Index dim : shape) with_time.push_back(dim);
    outputs[static_cast<std::size_t>(t)] = reshape(result.output, with_time);
  }
  return {concat(outputs, 0), current};
}

template std::vector<Var> initial_states(const StepProgram&, Tape<float>&, Index);
template std::vector<Var> initial_states(const StepProgram&, Tape<double>&, Index);
template ScanResult scan_on_tape(const StepProgram&, Tape<float>&, std::span<const Var>, Var,
                                 std::span<const Var>, const ScanOptions&);
template ScanResult scan_on_tape(const StepProgram&, Tape<double>&, std::span<const Var>, Var,
                                 std::span<const Var>, const ScanOptions&);

}  // namespace carousel
