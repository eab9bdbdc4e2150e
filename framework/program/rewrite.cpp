#include "program/rewrite.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace carousel {
namespace {

using Kind = ProgramNode::Kind;

std::size_t at(int id) { return static_cast<std::size_t>(id); }

ProgramNode op_node(const StepProgram& program, const Op& op, const std::vector<int>& inputs,
                    const Attributes& attributes) {
  std::vector<const Shape*> shapes;
  for (const int input : inputs) shapes.push_back(&program.nodes[at(input)].shape);
  return {Kind::op, &op, inputs, attributes, op.shape({shapes, attributes}), {}};
}

int push(StepProgram& program, ProgramNode node) {
  program.nodes.push_back(std::move(node));
  return static_cast<int>(program.nodes.size()) - 1;
}

int append_broadcast(StepProgram& program, int node, const Shape& shape) {
  Attributes attributes;
  attributes.shape = shape;
  return append_op(program, "broadcast_to", {node}, attributes);
}

// The distribution of -1 times a value drawn by `init`; where there is none (chrono), one of the
// same ends.
Initialiser negative(const Initialiser& init) {
  switch (init.kind) {
    case Initialiser::Kind::constant: return Initialiser::constant(-init.scale);
    case Initialiser::Kind::uniform: return Initialiser::uniform(-init.scale, -init.low);
    case Initialiser::Kind::identity: return Initialiser::identity(-init.scale);
    case Initialiser::Kind::chrono: return Initialiser::uniform(-std::log(init.scale - 1.0), 0.0);
    default: return init;
  }
}

// What the output and losses need, now or at a later step.
std::vector<char> needed_nodes(const StepProgram& program) {
  std::vector<char> needed(program.nodes.size(), 0);
  std::vector<int> open{program.output};
  for (const ProgramState& state : program.states) {
    if (state.loss_weight) open.push_back(state.previous);
  }
  while (!open.empty()) {
    const int id = open.back();
    open.pop_back();
    if (id < 0 || needed[at(id)]) continue;
    needed[at(id)] = 1;
    const ProgramNode& node = program.nodes[at(id)];
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
    for (const ProgramState& state : program.states) {
      if (state.previous != id) continue;
      open.push_back(state.next);
      open.push_back(state.initial_node);
    }
  }
  for (const int input : program.inputs) needed[at(input)] = 1;
  return needed;
}

class Simplifier {
 public:
  explicit Simplifier(const StepProgram& old)
      : old_(old), needed_(needed_nodes(old)), values_(old.nodes.size()) {
    new_.name = old.name;
  }

  StepProgram run() {
    for (std::size_t i = 0; i < old_.nodes.size(); ++i) {
      if (needed_[i]) visit(static_cast<int>(i));
    }
    for (const int input : old_.inputs) new_.inputs.push_back(values_[at(input)].id);
    for (ProgramParameter parameter : old_.parameters) {
      if (!needed_[at(parameter.node)]) continue;
      parameter.node = values_[at(parameter.node)].id;
      draw_alone(parameter);
      new_.parameters.push_back(parameter);
    }
    for (ProgramState state : old_.states) {
      if (!needed_[at(state.previous)]) continue;
      if (state.initial_node >= 0) {
        const Value& initial = values_[at(state.initial_node)];
        if (initial.number) state.initial = *initial.number;
        state.initial_node = initial.number ? -1 : initial.id;
      }
      state.previous = values_[at(state.previous)].id;
      state.next = role(state.next);
      new_.states.push_back(state);
    }
    new_.output = role(old_.output);
    // What became a number on the way has left readers of its parts behind.
    return needs_another_look() ? Simplifier(StepProgram(new_)).run() : std::move(new_);
  }

 private:
  struct Value {
    std::optional<double> number;  // the same for all elements; then there is no node
    int id = -1;
    bool open = false, done = false;
  };

  bool needs_another_look() const {
    const std::vector<char> needed = needed_nodes(new_);
    return std::find(needed.begin(), needed.end(), 0) != needed.end();
  }

  // Gives a parameter that starts as minus another one values of its own when that one goes.
  void draw_alone(ProgramParameter& parameter) const {
    if (parameter.init.kind != Initialiser::Kind::minus) return;
    for (const ProgramParameter& other : old_.parameters) {
      if (other.name != parameter.init.other) continue;
      if (needed_[at(other.node)] && other.shape == parameter.shape) return;
      parameter.init = negative(other.init);
      return;
    }
  }

  void visit(int id) {
    Value& value = values_[at(id)];
    if (value.done) return;
    const ProgramNode& node = old_.nodes[at(id)];
    if (value.open) {
      fail_input("cell {}: '{}' would depend on itself within a step", old_.name,
                 node.name.empty() ? std::string(node.op->name) : node.name);
    }
    value.open = true;
    for (const int input : node.inputs) visit(input);
    if (node.kind == Kind::op) {
      simplify(node, value);
      if (!node.name.empty() && !value.number) keep_name(node.name, value.id);
    } else {
      value.id = push(new_, node);
    }
    value.done = true;
  }

  // A value that turned out to be another one keeps its name, as a copy where the other has its
  // own.
  void keep_name(const std::string& name, int& id) {
    const ProgramNode& node = new_.nodes[at(id)];
    if (node.name == name) return;
    if (node.kind != Kind::op || !node.name.empty()) id = append_broadcast(new_, id, node.shape);
    new_.nodes[at(id)].name = name;
  }

  void simplify(const ProgramNode& node, Value& value) {
    value.number = number_of(node);
    if (value.number) return;
    value.id = same_value(node);
    if (value.id >= 0) return;
    std::vector<int> inputs;
    for (const int input : node.inputs) inputs.push_back(node.op->tile ? any(input) : whole(input));
    value.id = push(new_, op_node(new_, *node.op, inputs, node.attributes));
  }

  const std::optional<double>& number(int input) const { return values_[at(input)].number; }
  bool is(int input, double n) const { return number(input) == n; }

  std::optional<double> number_of(const ProgramNode& node) const {
    const std::string_view op = node.op->name;
    const auto& in = node.inputs;
    if (op == "constant") return node.attributes.value;
    if (op == "broadcast_to") return number(in[0]);
    const auto zero = [&](int input) { return is(input, 0.0); };
    // Not beside a number that is infinite or none.
    const auto finite = [&](int input) { return !number(input) || std::isfinite(*number(input)); };
    if (op == "mul" && ((zero(in[0]) && finite(in[1])) || (finite(in[0]) && zero(in[1]))))
      return 0.0;
    if (op == "matmul" && (zero(in[0]) || zero(in[1]))) return 0.0;
    if (op == "div" && zero(in[0]) && finite(in[1]) && !zero(in[1])) return 0.0;
    const bool linear = op == "reshape" || op == "transpose" || op == "slice" || op == "pad" ||
                        op == "sum_to" || op == "concat" || op == "cumsum";
    if (linear && std::all_of(in.begin(), in.end(), zero)) return 0.0;
    if (!node.op->tile) return {};
    std::vector<Tensor<double>> numbers;
    for (const int input : in) {
      if (!number(input)) return {};
      numbers.push_back(Tensor<double>::full({}, *number(input)));
    }
    std::vector<const Tensor<double>*> pointers;
    for (const auto& n : numbers) pointers.push_back(&n);
    Tensor<double> out = Tensor<double>::full({}, 0.0);
    node.op->kernel_double({pointers, node.attributes, out});
    return out.item();
  }

  // The node that has the value already: a of 1 * a, a + 0 and the like; -1: none.
  int same_value(const ProgramNode& node) const {
    const std::string_view op = node.op->name;
    const auto& in = node.inputs;
    const auto kept = [&](std::size_t k) {
      const Value& v = values_[at(in[k])];
      return !v.number && new_.nodes[at(v.id)].shape == node.shape ? v.id : -1;
    };
    if (op == "add" && is(in[0], 0.0)) return kept(1);
    if (op == "mul" && is(in[0], 1.0)) return kept(1);
    if ((op == "add" || op == "sub") && is(in[1], 0.0)) return kept(0);
    if ((op == "mul" || op == "div") && is(in[1], 1.0)) return kept(0);
    if (op == "where" && number(in[0])) return kept(is(in[0], 0.0) ? 2 : 1);
    return -1;
  }

  // A node of the value; of any shape that broadcasts to the old one.
  int any(int id) {
    const Value& value = values_[at(id)];
    return value.number ? append_constant(new_, *value.number) : value.id;
  }

  // A node of the value in the old shape.
  int whole(int id) {
    const int node = any(id);
    const Shape& shape = old_.nodes[at(id)].shape;
    return new_.nodes[at(node)].shape == shape ? node : append_broadcast(new_, node, shape);
  }

  // As whole(); a number gets its old name back.
  int role(int id) {
    const int node = whole(id);
    if (new_.nodes[at(node)].name != old_.nodes[at(id)].name) {
      new_.nodes[at(values_[at(id)].number ? node : values_[at(id)].id)].name.clear();
      new_.nodes[at(node)].name = old_.nodes[at(id)].name;
    }
    values_[at(id)].number.reset();
    values_[at(id)].id = node;
    return node;
  }

  const StepProgram& old_;
  std::vector<char> needed_;
  std::vector<Value> values_;  // by old node
  StepProgram new_;
};

}  // namespace

bool is_op(const StepProgram& program, int id, std::string_view op) {
  const ProgramNode& node = program.nodes[at(id)];
  return node.kind == ProgramNode::Kind::op && node.op->name == op;
}

int append_op(StepProgram& program, const std::string& op, const std::vector<int>& inputs,
              const Attributes& attributes) {
  return push(program, op_node(program, find_op(op), inputs, attributes));
}

int append_constant(StepProgram& program, double value) {
  Attributes attributes;
  attributes.value = value;
  return append_op(program, "constant", {}, attributes);
}

int append_parameter(StepProgram& program, const std::string& name, const Shape& shape,
                     const Initialiser& init) {
  for (const ProgramNode& node : program.nodes) {
    if (node.name == name) fail_input("cell {}: '{}' is defined twice", program.name, name);
  }
  const int id = push(program, {Kind::parameter, nullptr, {}, {}, shape, name});
  program.parameters.push_back({name, shape, init, id});
  return id;
}

void redirect(StepProgram& program, int from, int to) {
  const std::string name = program.nodes[at(from)].name;
  const bool op = program.nodes[at(from)].kind == Kind::op;
  const Shape shape = program.nodes[at(from)].shape;
  const ProgramNode& target = program.nodes[at(to)];
  const bool copy = op && !name.empty() && (target.kind != Kind::op || !target.name.empty());
  if (copy || !(target.shape == shape)) to = append_broadcast(program, to, shape);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (static_cast<int>(i) == to) continue;
    for (int& input : program.nodes[i].inputs) {
      if (input == from) input = to;
    }
  }
  for (ProgramState& state : program.states) {
    if (state.next == from) state.next = to;
    if (state.initial_node == from) state.initial_node = to;
  }
  if (program.output == from) program.output = to;
  if (!op || name.empty()) return;
  program.nodes[at(from)].name.clear();
  program.nodes[at(to)].name = name;
}

bool counts_steps(const StepProgram& program, const ProgramState& state) {
  if (state.name != "t" || state.initial != 0.0 || !is_op(program, state.next, "add")) return false;
  const std::vector<int>& in = program.nodes[at(state.next)].inputs;
  return in[0] == state.previous && is_op(program, in[1], "constant") &&
         program.nodes[at(in[1])].attributes.value == 1.0;
}

std::vector<char> ancestors(const StepProgram& program, int node) {
  std::vector<char> found(program.nodes.size(), 0);
  std::vector<int> open{node};
  while (!open.empty()) {
    const int id = open.back();
    open.pop_back();
    if (found[at(id)]) continue;
    found[at(id)] = 1;
    const auto& inputs = program.nodes[at(id)].inputs;
    open.insert(open.end(), inputs.begin(), inputs.end());
  }
  return found;
}

StepProgram simplified(const StepProgram& program) { return Simplifier(program).run(); }

}  // namespace carousel
