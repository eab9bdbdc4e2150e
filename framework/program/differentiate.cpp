#include "program/differentiate.hpp"

namespace carousel {
namespace {

// Forward nodes whose value moves with an input, a state or a parameter.
std::vector<char> moving_nodes(const StepProgram& program) {
  std::vector<char> moving(program.nodes.size(), 0);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    if (node.kind != ProgramNode::Kind::op) {
      moving[i] = 1;
    } else if (node.op->derivative) {
      for (std::size_t k = 0; k < node.inputs.size(); ++k) {
        const bool differentiable = static_cast<int>(k) < node.op->differentiable_inputs;
        if (differentiable && moving[static_cast<std::size_t>(node.inputs[k])]) moving[i] = 1;
      }
    }
  }
  return moving;
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
    sweep();
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

  void sweep() {
    const std::vector<char> moving = moving_nodes(forward_);
    std::vector<Var> in;
    for (std::size_t i = forward_.nodes.size(); i-- > 0;) {
      const ProgramNode& node = forward_.nodes[i];
      const Var grad = cotangents_[i];
      if (node.kind != ProgramNode::Kind::op || !grad.defined() || !moving[i]) continue;
      in.clear();
      for (const int input : node.inputs) in.push_back(builder_.at(input));
      for (std::size_t k = 0; k < in.size(); ++k) {
        const int wrt = static_cast<int>(k);
        if (!moving[static_cast<std::size_t>(node.inputs[k])] ||
            wrt >= node.op->differentiable_inputs) {
          continue;
        }
        const Var share =
            node.op->derivative({in, builder_.at(static_cast<int>(i)), grad, node.attributes, wrt});
        if (share.defined()) add(node.inputs[k], sum_to(share, in[k].shape()));
      }
    }
  }

  const StepProgram& forward_;
  StepBuilder builder_;
  std::vector<Var> cotangents_;  // of each forward node; undefined: zero
};

}  // namespace

BackwardStep differentiate(const StepProgram& program) { return Differentiator(program).run(); }

}  // namespace carousel
