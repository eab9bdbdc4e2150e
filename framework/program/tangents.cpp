#include "program/tangents.hpp"

#include <algorithm>

namespace carousel {
namespace {

// Of a delay such as "h[t-1]" the time stays behind: "h moves[t-1]".
std::string name(const std::string& of) {
  const std::size_t end = std::min(of.find('['), of.size());
  return of.substr(0, end) + " moves" + of.substr(end);
}

}  // namespace

StepProgram with_tangents(const StepProgram& program, const std::vector<bool>& moving) {
  StepBuilder builder(program);
  std::vector<Var> moves(program.nodes.size());
  const auto at = [&](int node) -> Var& { return moves[static_cast<std::size_t>(node)]; };
  for (std::size_t k = 0; k < program.inputs.size(); ++k) {
    const ProgramNode& input = program.nodes[static_cast<std::size_t>(program.inputs[k])];
    if (moving[k]) at(program.inputs[k]) = builder.input(name(input.name), input.shape.back());
  }
  for (const ProgramParameter& p : program.parameters) {
    at(p.node) = builder.parameter(name(p.name), p.shape, Initialiser::zeros());
  }
  for (const ProgramState& state : program.states) {
    const Shape shape = without_batch(state.shape);
    at(state.previous) = state.is_given() ? builder.given(name(state.name), shape)
                                          : builder.state(name(state.name), shape);
  }
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    if (node.kind != ProgramNode::Kind::op) continue;
    std::vector<Var> in, tangents;
    for (const int input : node.inputs) {
      in.push_back(builder.at(input));
      tangents.push_back(at(input));
    }
    moves[i] =
        tangent_of({*node.op, in, builder.at(static_cast<int>(i)), tangents, node.attributes});
  }
  const auto moved = [&](int node, const Shape& shape) {
    return at(node).defined() ? broadcast_to(at(node), shape)
                              : broadcast_to(constant(builder, 0.0), shape);
  };
  for (const ProgramState& state : program.states) {
    if (state.is_given()) continue;
    const Var next = at(state.next);
    builder.set_next(name(state.name), next.defined() ? next : moved(state.next, state.shape));
  }
  const Shape shape = program.output_shape();
  builder.let("output moves", moved(program.output, shape));
  builder.set_output("output moves");
  return builder.finish();
}

}  // namespace carousel
