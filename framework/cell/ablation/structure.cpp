#include "cell/ablation/structure.hpp"

#include <algorithm>
#include <array>

#include "program/rewrite.hpp"

namespace carousel {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

bool is_number(const StepProgram& program, int id, double value) {
  return is_op(program, id, "constant") && program.nodes[at(id)].attributes.value == value;
}

// For op(a, b) with number `value` on either side: the place of the other side.
std::optional<NodeInput> beside_number(const StepProgram& program, int id, std::string_view op,
                                       double value) {
  if (!is_op(program, id, op)) return {};
  const auto& in = program.nodes[at(id)].inputs;
  if (is_number(program, in[0], value)) return NodeInput{id, 1};
  if (is_number(program, in[1], value)) return NodeInput{id, 0};
  return {};
}

int node_at(const StepProgram& program, const NodeInput& place) {
  return program.nodes[at(place.node)].inputs[place.input];
}

void collect(const StepProgram& program, int id, std::vector<int>& found) {
  if (std::find(found.begin(), found.end(), id) != found.end()) return;
  found.push_back(id);
  for (const int input : program.nodes[at(id)].inputs) {
    const ProgramNode& node = program.nodes[at(input)];
    if (node.kind == ProgramNode::Kind::op && node.name.empty()) collect(program, input, found);
  }
}

bool is_activation(const StepProgram& program, int id) {
  return is_op(program, id, "tanh") || is_op(program, id, "relu") || is_op(program, id, "sigmoid");
}

// The other factor of a product with `factor`; -1: it is no such product.
int other_factor(const StepProgram& program, int product, int factor) {
  if (!is_op(program, product, "mul")) return -1;
  const auto& in = program.nodes[at(product)].inputs;
  return in[0] == factor ? in[1] : in[1] == factor ? in[0] : -1;
}

// stop_gradient(a) of stop_gradient(a) + (b - stop_gradient(b)), which has the value of a and the
// gradient of b; -1: it is something else.
int straight_through_value(const StepProgram& program, int id) {
  if (!is_op(program, id, "add")) return -1;
  const int value = program.nodes[at(id)].inputs[0], nothing = program.nodes[at(id)].inputs[1];
  if (!is_op(program, value, "stop_gradient") || !is_op(program, nothing, "sub")) return -1;
  const auto& in = program.nodes[at(nothing)].inputs;
  const bool stops = is_op(program, in[1], "stop_gradient");
  return stops && program.nodes[at(in[1])].inputs[0] == in[0] ? value : -1;
}

}  // namespace

int find_value(const StepProgram& program, const std::string& name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    if (node.kind != ProgramNode::Kind::op || node.name.empty()) continue;
    if (node.name == name) return static_cast<int>(i);
    known.push_back(node.name);
  }
  fail_input("cell {}: there is no value '{}'{}", program.name, name, did_you_mean(name, known));
}

std::vector<int> expression_of(const StepProgram& program, int value) {
  std::vector<int> found;
  collect(program, value, found);
  return found;
}

int activation_at(const StepProgram& program, int value, int place) {
  if (place == 0) return is_activation(program, value) ? value : -1;
  int count = 0;
  for (const int id : expression_of(program, value)) {
    if (id != value && is_activation(program, id) && ++count == place) return id;
  }
  return -1;
}

std::optional<NodeInput> gate_input_of(const StepProgram& program, int node) {
  if (is_op(program, node, "sigmoid")) return NodeInput{node, 0};
  // hard_sigmoid: v / 6 + 1/2 between 0 and 1, cut at either end first.
  auto inner = beside_number(program, node, "maximum", 0.0);
  if (inner) inner = beside_number(program, node_at(program, *inner), "minimum", 1.0);
  if (!inner) {
    inner = beside_number(program, node, "minimum", 1.0);
    if (inner) inner = beside_number(program, node_at(program, *inner), "maximum", 0.0);
  }
  if (inner) inner = beside_number(program, node_at(program, *inner), "add", 0.5);
  if (!inner) return {};
  const int scaled = node_at(program, *inner);
  if (auto divided = beside_number(program, scaled, "div", 6.0)) return divided;
  return beside_number(program, scaled, "mul", 1.0 / 6.0);
}

std::vector<int> gates_of(const StepProgram& program) {
  std::vector<int> gates;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    const bool vector = node.shape.rank() == 2 && node.shape[0] == batch_dim;
    if (node.name.empty() || !vector) continue;
    if (gate_input_of(program, static_cast<int>(i))) gates.push_back(static_cast<int>(i));
  }
  return gates;
}

std::vector<char> nodes_behind_output(const StepProgram& program) {
  std::vector<char> found(program.nodes.size(), 0);
  std::vector<int> open{program.output};
  while (!open.empty()) {
    const int id = open.back();
    open.pop_back();
    if (found[at(id)]) continue;
    found[at(id)] = 1;
    for (const ProgramState& state : program.states) {
      if (state.previous != id) continue;
      open.push_back(state.next);
      if (state.initial_node >= 0) open.push_back(state.initial_node);
    }
    if (const int value = straight_through_value(program, id); value >= 0) {
      open.push_back(value);
      continue;
    }
    const auto& inputs = program.nodes[at(id)].inputs;
    open.insert(open.end(), inputs.begin(), inputs.end());
  }
  return found;
}

std::optional<LstmParts> lstm_parts(const StepProgram& program) {
  const std::vector<int> gates = gates_of(program);
  const auto is_gate = [&](int id) {
    return std::find(gates.begin(), gates.end(), id) != gates.end();
  };
  for (const ProgramState& cell : program.states) {
    if (!is_op(program, cell.next, "add")) continue;
    LstmParts parts;
    for (const int term : program.nodes[at(cell.next)].inputs) {
      if (const int f = other_factor(program, term, cell.previous); f >= 0) {
        if (is_gate(f)) parts.forget_gate = f;
      } else if (is_op(program, term, "mul")) {
        const auto& in = program.nodes[at(term)].inputs;
        for (const auto& [gate, content] : {std::pair{in[0], in[1]}, std::pair{in[1], in[0]}}) {
          if (!is_gate(gate) || !is_op(program, content, "tanh")) continue;
          parts.input_gate = gate;
          parts.content_activation = content;
        }
      }
    }
    if (parts.forget_gate < 0 || parts.input_gate < 0) continue;
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      const int tanh = static_cast<int>(i);
      if (!is_op(program, tanh, "tanh") || program.nodes[i].inputs[0] != cell.next) continue;
      for (const int gate : gates) {
        for (const ProgramState& hidden : program.states) {
          if (other_factor(program, hidden.next, gate) != tanh) continue;
          parts.output_gate = gate;
          parts.output_activation = tanh;
          return parts;
        }
      }
    }
  }
  return {};
}

}  // namespace carousel
