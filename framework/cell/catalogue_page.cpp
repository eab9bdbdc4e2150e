#include "cell/catalogue_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cell/language/words.hpp"
#include "cell/nearest_sizes.hpp"
#include "program/delays.hpp"
#include "program/plan.hpp"

namespace carousel {
namespace {

const CellSizes page_sizes{88, 36};

const char* const head = R"(# The cells

One file each: the equations, the paper, and what implementations differ on in silence. A new cell
is one more file here; nothing else changes. [docs/language.md](../docs/language.md) describes the
language.

States are as wide as the hidden size unless a shape stands behind the name. Trained parameters are
counted for input 88 and hidden size 36, or for the sizes in brackets where a cell cannot take these. Waves
are the matrix products that follow each other inside one step of the loop: 0 is a loop without a
product, 1 one product with the old states, more where a product reads a value that was made in the
same step.

Left out of the literature's list, and why:

| rows | reason |
|---|---|
| batch norm, zoneout, dropout of all kinds, drop-connect, residual connections | parts of the stack around a cell, not of a cell |
| gated feedback, highway LSTM, grid LSTM | they read the states of other layers |
| Tree-LSTM, ConvLSTM over pictures, SRU++ | no sequence of vectors: graphs, pictures, attention over the sequence |
| np-RNN, LSTM with forget bias 1 | an initialiser alone: of rnn_relu and of lstm, whose forget bias is 1 here |
)";

const char* meaning(const std::string& group) {
  if (group == "simple") return "no gates: products, a bias and an activation";
  if (group == "lstm") return "long short-term memory and its relatives: gates on a cell state";
  if (group == "gru") return "gated recurrent unit and its relatives: gates on one state";
  if (group == "linear") {
    return "elementwise recurrences whose gates read the input, diagonal state space models";
  }
  if (group == "matrix") {
    return "a matrix as state, written by outer products: linear attention, delta rules";
  }
  if (group == "memory") return "a memory apart from the state: averages, polynomials, slots";
  if (group == "orthogonal") return "recurrent matrices that are orthogonal, or nearly so";
  if (group == "continuous") return "steps of a differential equation";
  if (group == "timing") return "time stamps, missing values, clocks, delays, skipped steps";
  if (group == "nested") return "cells in cells, several small steps in one";
  return "";
}

bool is_product(const StepProgram& program, const ProgramNode& node) {
  if (node.kind != ProgramNode::Kind::op || node.op->name != std::string_view("matmul"))
    return false;
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](int input) {
    return !is_batched(program.nodes[static_cast<std::size_t>(input)].shape);
  });
}

// "h, c, m [1]": [hidden] is not written.
std::string states_text(const StepProgram& program, Index hidden) {
  std::string text;
  for (const ProgramState& state : program.states) {
    text += (text.empty() ? "" : ", ") + state.name;
    std::vector<Index> sizes;
    for (int i = 1; i < state.shape.rank(); ++i) sizes.push_back(state.shape[i]);
    if (sizes != std::vector<Index>{hidden}) {
      text += fmt::format(" [{}]", fmt::join(sizes, ", "));
    }
  }
  return text;
}

std::string row(const Cell& cell) {
  const CellSizes sizes = nearest_sizes(cell, page_sizes);
  const StepProgram program = cell.build(sizes);
  std::string count = std::to_string(program.parameter_count());
  if (sizes.input != page_sizes.input || sizes.hidden != page_sizes.hidden) {
    count += fmt::format(" ({}, {})", sizes.input, sizes.hidden);
  }
  return fmt::format("| [{0}]({0}.cell) | {1} | {2} | {3} | {4} | {5} |\n", cell.name, cell.title,
                     cell.reference, states_text(program, sizes.hidden), count, waves(program));
}

}  // namespace

int waves(const StepProgram& given) {
  const StepProgram program = without_delays(given).program;
  const std::vector<Rate> rates = rates_of(program);
  std::vector<int> depth(program.nodes.size(), 0);
  int most = 0;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (rates[i] != Rate::recurrent) continue;
    const ProgramNode& node = program.nodes[i];
    for (const int input : node.inputs) {
      depth[i] = std::max(depth[i], depth[static_cast<std::size_t>(input)]);
    }
    if (is_product(program, node)) ++depth[i];
    most = std::max(most, depth[i]);
  }
  return most;
}

std::string catalogue_page(const CellRegistry& registry) {
  std::string page = head;
  for (const std::string& group : group_names()) {
    std::vector<const Cell*> cells;
    for (const Cell& cell : registry.cells()) {
      if (cell.group == group) cells.push_back(&cell);
    }
    if (cells.empty()) continue;
    std::sort(cells.begin(), cells.end(),
              [](const Cell* a, const Cell* b) { return a->name < b->name; });
    page += fmt::format("\n## {}: {}\n\n", group, meaning(group));
    page +=
        "| cell | title | reference | states | parameters | waves |\n|---|---|---|---|--:|--:|\n";
    for (const Cell* cell : cells) page += row(*cell);
  }
  return page;
}

}  // namespace carousel
