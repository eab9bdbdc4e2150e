#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "program/delays.hpp"
#include "program/differentiate.hpp"

namespace carousel {

/// What a scan of a cell meets: the ops of both directions by the rank of their values, and kinds
/// of inputs, states and parameters.
inline std::set<std::string> features_of(const Cell& cell) {
  const StepProgram program = cell.build(nearest_sizes(cell, {3, 5}));
  std::set<std::string> features;
  const BackwardStep backward = differentiate(program);
  for (const ProgramNode& node : backward.program.nodes) {
    if (node.kind != ProgramNode::Kind::op) continue;
    features.insert(fmt::format("{} {}{}", node.op->name, node.shape.rank(),
                                is_batched(node.shape) ? " batched" : ""));
  }
  for (const ProgramState& state : program.states) {
    features.insert(fmt::format("state {}", state.shape.rank()));
    if (state.initial_node >= 0) features.insert("learned initial state");
    if (state.initial != 0.0) features.insert("initial state of a number");
  }
  features.insert(fmt::format("{} states", std::min<std::size_t>(program.states.size(), 3)));
  if (program.inputs.size() > 1) features.insert("further inputs");
  if (!without_delays(program).delays.empty()) features.insert("delay");
  for (const ProgramParameter& p : program.parameters) {
    if (!p.trained) features.insert("fixed parameter");
  }
  return features;
}

/// A few cells of the catalogue that have all features which a cell of it has: for tests of what
/// does not depend on the cell. Each adds as many features as one can.
inline const std::vector<Cell>& covering_cells() {
  static const std::vector<Cell> chosen = [] {
    std::vector<std::pair<Cell, std::set<std::string>>> open;
    for (const Cell& cell : catalogue().cells()) open.emplace_back(cell, features_of(cell));
    std::vector<Cell> cells;
    while (true) {
      const auto most = std::max_element(
          open.begin(), open.end(),
          [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
      if (most->second.empty()) return cells;
      cells.push_back(most->first);
      const std::set<std::string> covered = most->second;
      for (auto& [cell, features] : open) {
        std::erase_if(features, [&](const std::string& f) { return covered.contains(f); });
      }
    }
  }();
  return chosen;
}

}  // namespace carousel
