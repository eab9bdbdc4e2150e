#include <algorithm>
#include <map>

#include "program/plan.hpp"

namespace carousel {
namespace {

std::size_t index(int node) { return static_cast<std::size_t>(node); }

bool is_cheap(const StepProgram& program, int node) {
  const Op* op = program.nodes[index(node)].op;
  if (!has_tile(program, node) || !op->tile) return false;
  const Tile tile = *op->tile;
  return tile == Tile::neg || tile == Tile::add || tile == Tile::sub || tile == Tile::mul;
}

bool is_elementwise(const ProgramNode& node) {
  return node.op->tile || node.op->name == "broadcast_to";
}

// Forward nodes that the live part of the backward program reads.
std::vector<char> nodes_read(const BackwardStep& back, const std::vector<bool>& wanted_inputs) {
  const auto& nodes = back.program.nodes;
  std::vector<char> live(nodes.size(), 0), read(index(back.forward_nodes), 0);
  for (const int root : backward_roots(back, wanted_inputs)) live[index(root)] = 1;
  for (std::size_t i = nodes.size(); i-- > read.size();) {
    if (!live[i]) continue;
    for (const int input : nodes[i].inputs) {
      live[index(input)] = 1;
      if (input < back.forward_nodes) read[index(input)] = 1;
    }
  }
  return read;
}

}  // namespace

std::vector<int> backward_roots(const BackwardStep& back, const std::vector<bool>& wanted_inputs) {
  std::vector<int> roots;
  for (const ProgramState& state : back.program.states) roots.push_back(state.next);
  for (const int node : back.parameter_cotangents) {
    if (node >= 0) roots.push_back(node);
  }
  for (std::size_t k = 0; k < wanted_inputs.size(); ++k) {
    const int node = back.input_cotangents[k];
    if (node >= 0 && wanted_inputs[k]) roots.push_back(node);
  }
  return roots;
}

void recompute_cheap(const StepProgram& forward, BackwardStep& back,
                     const std::vector<bool>& wanted_inputs, const std::vector<char>& wide) {
  std::vector<char> kept = nodes_read(back, wanted_inputs);
  std::vector<char> anyway(kept.size(), 0);  // in memory whatever the way back reads
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const ProgramNode& node = forward.nodes[i];
    anyway[i] = node.kind != ProgramNode::Kind::op || !is_batched(node.shape);
  }
  anyway[index(forward.output)] = 1;
  for (const ProgramState& state : forward.states) anyway[index(state.next)] = 1;

  std::vector<int> again;  // forward nodes to compute again
  for (std::size_t i = kept.size(); i-- > 0;) {
    const ProgramNode& node = forward.nodes[i];
    if (!kept[i] || anyway[i]) continue;
    if (!wide.empty() && wide[i] && is_elementwise(node)) {
      again.insert(again.begin(), static_cast<int>(i));
      for (const int input : node.inputs) kept[index(input)] = 1;
      continue;
    }
    if (!is_cheap(forward, static_cast<int>(i))) continue;
    const bool possible = std::all_of(node.inputs.begin(), node.inputs.end(), [&](int input) {
      return kept[index(input)] || anyway[index(input)];
    });
    if (possible) again.insert(again.begin(), static_cast<int>(i));
  }
  if (again.empty()) return;

  // The copies come behind the forward nodes; what was there moves up.
  const int count = static_cast<int>(again.size());
  std::map<int, int> copy_of;
  for (int k = 0; k < count; ++k) copy_of[again[index(k)]] = back.forward_nodes + k;
  const auto moved = [&](int node) {
    if (const auto copy = copy_of.find(node); copy != copy_of.end()) return copy->second;
    return node < back.forward_nodes ? node : node + count;
  };
  auto& nodes = back.program.nodes;
  std::vector<ProgramNode> copies;
  for (const int node : again) copies.push_back(nodes[index(node)]);
  nodes.insert(nodes.begin() + back.forward_nodes, copies.begin(), copies.end());
  for (std::size_t i = index(back.forward_nodes); i < nodes.size(); ++i) {
    for (int& input : nodes[i].inputs) input = moved(input);
  }
  for (int& input : back.program.inputs) input = moved(input);
  for (ProgramState& state : back.program.states) {
    state.previous = moved(state.previous);
    state.next = moved(state.next);
  }
  for (auto* cotangents : {&back.input_cotangents, &back.parameter_cotangents}) {
    for (int& node : *cotangents) {
      if (node >= 0) node = moved(node);
    }
  }
}

}  // namespace carousel
