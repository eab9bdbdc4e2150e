#include <algorithm>
#include <string_view>

#include "program/plan.hpp"

namespace carousel {

std::optional<Tile> tile_of(const StepProgram& program, int node) {
  const ProgramNode& n = program.nodes[static_cast<std::size_t>(node)];
  if (n.kind != ProgramNode::Kind::op || !is_batched(n.shape)) return std::nullopt;
  if (n.op->tile) return n.op->tile;
  const std::string_view name = n.op->name;
  if (name == "broadcast_to") return Tile::copy;
  if (name != "matmul") return std::nullopt;
  const Shape& left = program.nodes[static_cast<std::size_t>(n.inputs[0])].shape;
  if (is_batched(left) || left.numel() != 1) return std::nullopt;
  return Tile::mul;
}

bool has_tile(const StepProgram& program, int node) {
  const ProgramNode& n = program.nodes[static_cast<std::size_t>(node)];
  if (!tile_of(program, node)) return false;
  return std::all_of(n.inputs.begin(), n.inputs.end(), [&](int input) {
    const Shape& shape = program.nodes[static_cast<std::size_t>(input)].shape;
    if (is_batched(shape)) return shape == n.shape || row_size(shape) == 1;
    return shape.numel() == 1 || shape.numel() == row_size(n.shape);
  });
}

std::vector<Rate> rates_of(const StepProgram& program, int first,
                           const std::vector<char>& in_loop) {
  const std::size_t count = program.nodes.size();
  std::vector<char> from_input(count, 0), from_state(count, 0), to_state(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const ProgramNode& node = program.nodes[i];
    if (node.kind == ProgramNode::Kind::input) from_input[i] = 1;
    if (node.kind == ProgramNode::Kind::state) from_state[i] = 1;
    for (const int input : node.inputs) {
      from_input[i] |= from_input[static_cast<std::size_t>(input)];
      from_state[i] |= from_state[static_cast<std::size_t>(input)];
    }
    if (!in_loop.empty() && in_loop[i]) from_state[i] = 1;
    // A forward value is read from memory, whatever it was made of.
    if (static_cast<int>(i) < first && (from_input[i] || from_state[i])) {
      from_input[i] = 1;
      from_state[i] = 0;
    }
  }
  for (const ProgramState& state : program.states) {
    to_state[static_cast<std::size_t>(state.next)] = 1;
  }
  for (std::size_t i = count; i-- > 0;) {
    if (!to_state[i]) continue;
    for (const int input : program.nodes[i].inputs) to_state[static_cast<std::size_t>(input)] = 1;
  }
  std::vector<Rate> rates(count);
  for (std::size_t i = 0; i < count; ++i) {
    rates[i] = from_state[i]   ? (to_state[i] ? Rate::recurrent : Rate::output)
               : from_input[i] ? Rate::input
                               : Rate::invariant;
  }
  return rates;
}

}  // namespace carousel
