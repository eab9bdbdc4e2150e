#include <algorithm>

#include "cell/ablation/ablation.hpp"
#include "cell/ablation/structure.hpp"
#include "op/composites.hpp"
#include "program/rewrite.hpp"

namespace carousel {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

ProgramParameter& find_parameter(StepProgram& program, const std::string& name) {
  std::vector<std::string> known;
  for (ProgramParameter& parameter : program.parameters) {
    if (parameter.name == name) return parameter;
    known.push_back(parameter.name);
  }
  fail_input("cell {}: there is no parameter '{}'{}", program.name, name,
             did_you_mean(name, known));
}

int find_activation(const StepProgram& program, const Ablation& change) {
  const int id = activation_at(program, find_value(program, change.targets.at(0)), change.place);
  if (id < 0) {
    fail_input("cell {}: {} has no activation at place {}", program.name, change.targets[0],
               change.place);
  }
  return id;
}

void couple(StepProgram& program, const Ablation& change) {
  const int other = find_value(program, change.targets.at(1));
  const int one = append_constant(program, 1.0);
  redirect(program, find_value(program, change.targets[0]),
           append_op(program, "sub", {one, other}));
}

// The value of a composite at node v.
int append_function(StepProgram& program, Var (*function)(Var), int v) {
  StepBuilder builder(program);
  const int value = function(builder.at(v)).id;
  program = builder.take();
  return value;
}

void swap_activation(StepProgram& program, const Ablation& change) {
  const int old = find_activation(program, change);
  if (change.activation != composite_name(hard_sigmoid)) {
    program.nodes[at(old)].op = &find_op(change.activation);
    return;
  }
  const int input = program.nodes[at(old)].inputs[0];
  redirect(program, old, append_function(program, hard_sigmoid, input));
}

void drop_parameters(StepProgram& program, const Ablation& change) {
  for (const std::string& target : change.targets) {
    const int parameter = find_parameter(program, target).node;
    redirect(program, parameter, append_constant(program, 0.0));
  }
}

// U @ v becomes u * v.
void make_diagonal(StepProgram& program, const Ablation& change) {
  ProgramParameter& parameter = find_parameter(program, change.targets.at(0));
  const Shape vector{parameter.shape.back()};
  for (ProgramNode& node : program.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), parameter.node) == node.inputs.end()) {
      continue;
    }
    if (node.op->name != "matmul" || node.inputs[1] != parameter.node ||
        parameter.shape != Shape{vector[0], vector[0]}) {
      fail_input(
          "cell {}: {} can't be a diagonal: it is not only the matrix of products [n, n] @ [n]",
          program.name, parameter.name);
    }
    node.op = &find_op("mul");
    std::swap(node.inputs[0], node.inputs[1]);
    node.attributes = {};
  }
  parameter.shape = vector;
  if (parameter.init.kind != Initialiser::Kind::constant)
    parameter.init = Initialiser::uniform(1.0);
  program.nodes[at(parameter.node)].shape = vector;
}

// The terms of a sum of several terms, from left to right.
void collect_terms(const StepProgram& program, int id, std::vector<int>& terms) {
  const ProgramNode& node = program.nodes[at(id)];
  if (node.kind != ProgramNode::Kind::op || node.op->name != "add" || !node.name.empty()) {
    terms.push_back(id);
    return;
  }
  for (const int input : node.inputs) collect_terms(program, input, terms);
}

int add_all(StepProgram& program, const std::vector<int>& terms) {
  int sum = terms.at(0);
  for (std::size_t k = 1; k < terms.size(); ++k) sum = append_op(program, "add", {sum, terms[k]});
  return sum;
}

// The name, or NAME_2, NAME_3, .. where the cell has it already.
std::string free_name(const StepProgram& program, const std::string& wanted) {
  std::string name = wanted;
  const auto is_taken = [&](const ProgramNode& node) { return node.name == name; };
  for (int k = 2; std::any_of(program.nodes.begin(), program.nodes.end(), is_taken); ++k) {
    name = fmt::format("{}_{}", wanted, k);
  }
  return name;
}

void add_layer_norm(StepProgram& program, const Ablation& change) {
  const int activation = find_activation(program, change);
  const int input = program.nodes[at(activation)].inputs[0];
  const Shape shape = program.nodes[at(input)].shape;
  std::vector<int> terms, rest, biases;
  collect_terms(program, input, terms);
  for (const int term : terms) {
    const bool bias = program.nodes[at(term)].kind == ProgramNode::Kind::parameter;
    (bias ? biases : rest).push_back(term);
  }
  const int normed =
      append_function(program, layer_norm, biases.empty() ? input : add_all(program, rest));
  const int gain = append_parameter(program, free_name(program, "gain_" + change.targets[0]),
                                    {shape.back()}, Initialiser::ones());
  std::vector<int> sum{append_op(program, "mul", {gain, normed})};
  sum.insert(sum.end(), biases.begin(), biases.end());
  const int whole = add_all(program, sum);
  program.nodes[at(activation)].inputs[0] = whole;
}

// A copy of an expression that reads `to` where the expression reads `from`.
int clone(StepProgram& program, const std::vector<int>& expression, int id, int from, int to) {
  if (id == from) return to;
  if (std::find(expression.begin(), expression.end(), id) == expression.end()) return id;
  ProgramNode node = program.nodes[at(id)];
  for (int& input : node.inputs) input = clone(program, expression, input, from, to);
  return append_op(program, std::string(node.op->name), node.inputs, node.attributes);
}

void read_old_state(StepProgram& program, const Ablation& change) {
  const int value = find_value(program, change.targets.at(0));
  for (const ProgramState& state : program.states) {
    if (state.name != change.targets.at(1)) continue;
    const std::vector<int> expression = expression_of(program, value);
    redirect(program, value, clone(program, expression, value, state.next, state.previous));
    return;
  }
  fail_input("cell {}: there is no state '{}'", program.name, change.targets[1]);
}

int old_value(StepProgram& program, int gate) {
  for (const ProgramState& state : program.states) {
    if (state.next == gate) return state.previous;
  }
  const ProgramNode node = program.nodes[at(gate)];
  program.nodes.push_back(
      {ProgramNode::Kind::state, nullptr, {}, {}, node.shape, node.name + "[t-1]"});
  const int previous = static_cast<int>(program.nodes.size()) - 1;
  ProgramState state;
  state.name = node.name;
  state.shape = node.shape;
  state.previous = previous;
  state.next = gate;
  program.states.push_back(state);
  return previous;
}

void add_gate_recurrence(StepProgram& program, const Ablation& change) {
  std::vector<int> old;
  for (const std::string& from : change.targets) {
    old.push_back(old_value(program, find_value(program, from)));
  }
  Attributes transposed;
  transposed.transpose_b = true;
  for (const std::string& to : change.targets) {
    const int gate = find_value(program, to);
    const auto place = gate_input_of(program, gate);
    if (!place) fail_input("cell {}: {} is not a gate", program.name, to);
    const Index n = program.nodes[at(gate)].shape.back();
    std::vector<int> terms{program.nodes[at(place->node)].inputs[place->input]};
    for (std::size_t k = 0; k < old.size(); ++k) {
      const std::string name = free_name(program, fmt::format("R_{}_{}", to, change.targets[k]));
      const int matrix = append_parameter(program, name, {n, n}, Initialiser::glorot());
      terms.push_back(append_op(program, "matmul", {old[k], matrix}, transposed));
    }
    const int sum = add_all(program, terms);
    program.nodes[at(place->node)].inputs[place->input] = sum;
  }
}

}  // namespace

StepProgram apply_ablation(const StepProgram& program, const Ablation& change) {
  StepProgram changed = simplified(program);
  switch (change.kind) {
    case Ablation::Kind::constant:
      redirect(changed, find_value(changed, change.targets.at(0)),
               append_constant(changed, change.value));
      break;
    case Ablation::Kind::couple: couple(changed, change); break;
    case Ablation::Kind::drop_activation: {
      const int id = find_activation(changed, change);
      redirect(changed, id, changed.nodes[at(id)].inputs[0]);
      break;
    }
    case Ablation::Kind::swap_activation: swap_activation(changed, change); break;
    case Ablation::Kind::layer_norm: add_layer_norm(changed, change); break;
    case Ablation::Kind::drop_parameters: drop_parameters(changed, change); break;
    case Ablation::Kind::diagonal: make_diagonal(changed, change); break;
    case Ablation::Kind::old_state: read_old_state(changed, change); break;
    case Ablation::Kind::full_gate_recurrence: add_gate_recurrence(changed, change); break;
  }
  changed = simplified(changed);
  changed.name = program.name + " " + change.name;
  return changed;
}

}  // namespace carousel
