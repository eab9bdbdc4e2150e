#include "program/differentiate.hpp"

#include <algorithm>

namespace carousel {
namespace {

// Marks the nodes whose value moves with that of a marked one.
void mark_moving(const StepProgram& program, std::vector<char>& moving) {
  for (std::size_t i = 0; i < moving.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    if (node.kind != ProgramNode::Kind::op || !node.op->derivative) continue;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const bool differentiable = static_cast<int>(k) < node.op->differentiable_inputs;
      if (differentiable && moving[static_cast<std::size_t>(node.inputs[k])]) moving[i] = 1;
    }
  }
}

// Forward nodes whose value moves with an input, a state or a parameter.
std::vector<char> moving_nodes(const StepProgram& program) {
  std::vector<char> moving;
  for (const ProgramNode& node : program.nodes) {
    moving.push_back(node.kind == ProgramNode::Kind::op ? 0 : 1);
  }
  mark_moving(program, moving);
  return moving;
}

// Adds to the cotangents of a node's inputs what that of the node gives them.
template <class Add>
void hand_back(StepBuilder& builder, const StepProgram& program, int id, Var grad,
               const std::vector<char>& moving, Add add) {
  const ProgramNode node = program.nodes[static_cast<std::size_t>(id)];  // rules append nodes
  std::vector<Var> in;
  for (const int input : node.inputs) in.push_back(builder.at(input));
  for (std::size_t k = 0; k < in.size(); ++k) {
    const int wrt = static_cast<int>(k);
    if (!moving[static_cast<std::size_t>(node.inputs[k])] ||
        wrt >= node.op->differentiable_inputs) {
      continue;
    }
    const Var share = node.op->derivative({in, builder.at(id), grad, node.attributes, wrt});
    if (share.defined()) add(node.inputs[k], sum_to(share, in[k].shape()));
  }
}

class Differentiator {
 public:
  explicit Differentiator(const StepProgram& forward)
      : forward_(forward), builder_(forward), cotangents_(forward.nodes.size()) {}

  BackwardStep run() {
    BackwardStep step;
    step.forward_nodes = static_cast<int>(forward_.nodes.size());
    builder_.forget_roles();
    for (const int input : forward_.inputs) builder_.declare_input(input);
    for (const ProgramState& state : forward_.states) builder_.declare_input(state.previous);
    add(forward_.output, builder_.input("d output", forward_.output_shape().back()));
    for (const ProgramState& state : forward_.states) {
      add(state.next, builder_.state("d " + state.name, without_batch(state.shape)));
    }
    const std::vector<char> moving = moving_nodes(forward_);
    for (std::size_t i = forward_.nodes.size(); i-- > 0;) {
      const bool is_op = forward_.nodes[i].kind == ProgramNode::Kind::op;
      if (!is_op || !cotangents_[i].defined() || !moving[i]) continue;
      hand_back(builder_, forward_, static_cast<int>(i), cotangents_[i], moving,
                [&](int node, Var share) { add(node, share); });
    }
    for (const ProgramState& state : forward_.states) {
      builder_.set_next("d " + state.name, cotangent_or_zero(state));
    }
    for (const int input : forward_.inputs) step.input_cotangents.push_back(id_of(input));
    for (const ProgramParameter& p : forward_.parameters) {
      step.parameter_cotangents.push_back(id_of(p.node));
    }
    step.program = builder_.take();
    step.program.name = forward_.name + " backward";
    return step;
  }

 private:
  void add(int node, Var share) {
    Var& sum = cotangents_[static_cast<std::size_t>(node)];
    sum = sum.defined() ? sum + share : share;
  }

  int id_of(int node) const {
    const Var& var = cotangents_[static_cast<std::size_t>(node)];
    return var.defined() ? var.id : -1;
  }

  Var cotangent_or_zero(const ProgramState& state) {
    const Var found = cotangents_[static_cast<std::size_t>(state.previous)];
    return found.defined() ? found : broadcast_to(constant(builder_, 0.0), state.shape);
  }

  const StepProgram& forward_;
  StepBuilder builder_;
  std::vector<Var> cotangents_;  // of each forward node; undefined: zero
};

}  // namespace

Var gradient_of(StepBuilder& builder, Var value, Var wrt) {
  const StepProgram& program = builder.program();
  std::vector<char> moving(static_cast<std::size_t>(value.id) + 1, 0);
  if (wrt.id <= value.id) moving[static_cast<std::size_t>(wrt.id)] = 1;
  mark_moving(program, moving);
  std::vector<Var> cotangents(moving.size());
  cotangents.back() = broadcast_to(constant(builder, 1.0), value.shape());
  for (std::size_t i = moving.size(); i-- > static_cast<std::size_t>(wrt.id) + 1;) {
    if (!moving[i] || !cotangents[i].defined()) continue;
    hand_back(builder, program, static_cast<int>(i), cotangents[i], moving,
              [&](int node, Var share) {
                Var& sum = cotangents[static_cast<std::size_t>(node)];
                sum = sum.defined() ? sum + share : share;
              });
  }
  const bool reached = wrt.id <= value.id && cotangents[static_cast<std::size_t>(wrt.id)].defined();
  return reached ? cotangents[static_cast<std::size_t>(wrt.id)]
                 : broadcast_to(constant(builder, 0.0), wrt.shape());
}

std::vector<std::string> parameters_without_gradient(const StepProgram& program) {
  std::vector<char> reached(program.nodes.size(), 0);
  if (program.output >= 0) reached[static_cast<std::size_t>(program.output)] = 1;
  for (const ProgramState& state : program.states) {
    reached[static_cast<std::size_t>(state.next)] = 1;
    if (state.initial_node >= 0) reached[static_cast<std::size_t>(state.initial_node)] = 1;
  }
  for (std::size_t i = program.nodes.size(); i-- > 0;) {
    const ProgramNode& node = program.nodes[i];
    if (!reached[i] || node.kind != ProgramNode::Kind::op || !node.op->derivative) continue;
    const auto paths = std::min(node.inputs.size(), std::size_t(node.op->differentiable_inputs));
    const std::size_t first = node.op->tile == Tile::where ? 1 : 0;  // the condition has none
    for (std::size_t k = first; k < paths; ++k) {
      reached[static_cast<std::size_t>(node.inputs[k])] = 1;
    }
  }
  std::vector<std::string> names;
  for (const ProgramParameter& p : program.parameters) {
    if (p.trained && !reached[static_cast<std::size_t>(p.node)]) names.push_back(p.name);
  }
  return names;
}

BackwardStep differentiate(const StepProgram& program) { return Differentiator(program).run(); }

}  // namespace carousel
