#include "program/step_program.hpp"

#include <algorithm>

namespace carousel {

std::string_view Supply::word() const {
  if (kind == Kind::training) return "training";
  return kind == Kind::length ? "length" : "";
}

std::size_t StepProgram::data_inputs() const {
  const auto of_data = [&](int id) { return !nodes[static_cast<std::size_t>(id)].supply; };
  return static_cast<std::size_t>(std::ranges::count_if(inputs, of_data));
}

Index StepProgram::parameter_count() const {
  Index count = 0;
  for (const auto& parameter : parameters) {
    if (parameter.trained) count += parameter.shape.numel();
  }
  return count;
}

std::string previous_name(const std::string& state) {
  const std::size_t bracket = state.rfind("[t-");
  if (bracket == state.npos) return state + "[t-1]";
  const int steps = std::stoi(state.substr(bracket + 3));
  return fmt::format("{}[t-{}]", state.substr(0, bracket), steps + 1);
}

StepBuilder::StepBuilder(std::string name) { program_.name = std::move(name); }

StepBuilder::StepBuilder(const StepProgram& program) : program_(program) {
  for (const ProgramNode& node : program_.nodes) names_.insert(node.name);
}

Var StepBuilder::push(ProgramNode node) {
  program_.nodes.push_back(std::move(node));
  return {this, static_cast<std::int32_t>(program_.nodes.size() - 1), 0};
}

void StepBuilder::add_name(const std::string& name) {
  if (!names_.insert(name).second) {
    fail_input("cell {}: '{}' is defined twice", program_.name, name);
  }
}

Var StepBuilder::input(const std::string& name, Index size, std::optional<double> otherwise) {
  add_name(name);
  const Var var =
      push({ProgramNode::Kind::input, nullptr, {}, {}, {batch_dim, size}, name, otherwise});
  program_.inputs.push_back(var.id);
  return var;
}

Var StepBuilder::supplied(const std::string& name, Index size, double otherwise,
                          const Supply& supply) {
  const Var made = input(name, size, otherwise);
  program_.nodes[static_cast<std::size_t>(made.id)].supply = supply;
  return made;
}

Var StepBuilder::parameter(const std::string& name, const Shape& shape, const Initialiser& init,
                           bool trained) {
  add_name(name);
  const Var var = push({ProgramNode::Kind::parameter, nullptr, {}, {}, shape, name});
  program_.parameters.push_back({name, shape, init, var.id, trained});
  return var;
}

Var StepBuilder::state(const std::string& name, const Shape& of_one, double initial) {
  if (of_one.rank() < 1 || of_one.rank() > 4) {
    fail_input("cell {}: state {} is {}, expected rank 1 to 4", program_.name, name,
               of_one.to_string());
  }
  const std::string previous = previous_name(name);
  add_name(previous);
  Shape shape{batch_dim};
  for (const Index dim : of_one) shape.push_back(dim);
  const Var var = push({ProgramNode::Kind::state, nullptr, {}, {}, shape, previous});
  program_.states.push_back({name, shape, initial, var.id, -1});
  return var;
}

Var StepBuilder::given(const std::string& name, const Shape& shape) {
  const Var value = state(name, shape);
  set_next(name, value);
  return value;
}

Var StepBuilder::let(const std::string& name, Var value) {
  add_name(name);
  const auto node = [&] { return &program_.nodes.at(static_cast<std::size_t>(value.id)); };
  if (!node()->name.empty()) {
    static const Op& copy = find_op("broadcast_to");  // a second name for a named value
    Attributes attributes;
    attributes.shape = value.shape();
    value = apply(copy, {&value, 1}, attributes);
  }
  node()->name = name;
  return value;
}

ProgramState& StepBuilder::find_state(const std::string& name) {
  std::vector<std::string> known;
  for (ProgramState& state : program_.states) {
    if (state.name == name) return state;
    known.push_back(state.name);
  }
  fail_input("cell {}: there is no state '{}'{}", program_.name, name, did_you_mean(name, known));
}

void StepBuilder::set_initial(const std::string& name, Var value) {
  ProgramState& state = find_state(name);
  std::vector<int> open{value.id};
  while (!open.empty()) {
    const ProgramNode& node = program_.nodes.at(static_cast<std::size_t>(open.back()));
    open.pop_back();
    if (node.kind == ProgramNode::Kind::input || node.kind == ProgramNode::Kind::state) {
      fail_input("cell {}: the initial {} depends on {}, expected parameters and numbers alone",
                 program_.name, name, node.name);
    }
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  const Shape shape = value.shape();
  const int missing = state.shape.rank() - shape.rank();
  bool fits = missing >= 0;
  for (int i = 0; fits && i < shape.rank(); ++i) {
    fits = shape[i] == 1 || shape[i] == state.shape[missing + i];
  }
  if (!fits) {
    fail_input("cell {}: state {} is {}, its initial value is {}", program_.name, name,
               state.shape.to_string(), shape.to_string());
  }
  state.initial_node = value.id;
}

void StepBuilder::make_loss(const std::string& name, double weight) {
  ProgramState& state = find_state(name);
  if (!(state.shape == Shape{batch_dim, 1})) {
    fail_input("cell {}: the loss {} is {}, expected one number a sequence, [1]", program_.name,
               name, without_batch(state.shape).to_string());
  }
  state.loss_weight = weight;
}

void StepBuilder::set_next(const std::string& name, Var value) {
  ProgramState& state = find_state(name);
  if (!(value.shape() == state.shape)) {
    fail_input("cell {}: state {} is {}, its new value is {}", program_.name, name,
               state.shape.to_string(), value.shape().to_string());
  }
  state.next = value.id;
}

Var StepBuilder::set_state(const std::string& name, Var value) {
  set_next(name, value);
  const Var named = let(name, value);
  set_next(name, named);
  return named;
}

void StepBuilder::set_output(const std::string& name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
    if (program_.nodes[i].name == name) {
      program_.output = static_cast<int>(i);
      return;
    }
    if (!program_.nodes[i].name.empty()) known.push_back(program_.nodes[i].name);
  }
  fail_input("cell {}: the output '{}' is not defined{}", program_.name, name,
             did_you_mean(name, known));
}

void StepBuilder::declare_input(int node) {
  program_.nodes.at(static_cast<std::size_t>(node)).kind = ProgramNode::Kind::input;
  program_.inputs.push_back(node);
}

void StepBuilder::forget_roles() {
  program_.inputs.clear();
  program_.states.clear();
  program_.output = -1;
}

void StepBuilder::expect_sequences_apart() const {
  for (const ProgramNode& node : program_.nodes) {
    if (node.kind != ProgramNode::Kind::op || is_batched(node.shape)) continue;
    for (const int input : node.inputs) {
      const ProgramNode& read = program_.nodes.at(static_cast<std::size_t>(input));
      if (!is_batched(read.shape)) continue;
      fail_input(
          "cell {}: {} of {} is {}, which would mix the sequences of a batch; reduce the last axis "
          "alone, as layer_norm does (sum_to with the shape [batch, 1])",
          program_.name, node.op->name,
          read.name.empty() ? "a value " + read.shape.to_string() : read.name,
          node.shape.to_string());
    }
  }
}

StepProgram StepBuilder::finish() {
  expect_sequences_apart();
  if (program_.output < 0) fail_input("cell {} has no output", program_.name);
  if (program_.inputs.empty()) fail_input("cell {} has no input", program_.name);
  for (const ProgramState& state : program_.states) {
    if (state.next < 0) {
      fail_input("cell {}: state {} is read but never set", program_.name, state.name);
    }
  }
  return program_;
}

Var StepBuilder::apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes) {
  std::vector<const Shape*> shapes;
  ProgramNode node{ProgramNode::Kind::op, &op, {}, attributes, {}, {}};
  for (const Var& input : inputs) {
    if (input.graph != this) fail_input("cell {}: a var of another program", program_.name);
    shapes.push_back(&program_.nodes.at(static_cast<std::size_t>(input.id)).shape);
    node.inputs.push_back(input.id);
  }
  try {
    node.shape = op.shape({shapes, attributes});
  } catch (const InputError& error) {
    fail_input("cell {}: {}", program_.name, error.what());
  }
  return push(std::move(node));
}

Shape StepBuilder::shape_of(Var var) const {
  return program_.nodes.at(static_cast<std::size_t>(var.id)).shape;
}

}  // namespace carousel
