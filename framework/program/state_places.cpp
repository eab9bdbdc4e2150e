#include "program/state_places.hpp"

#include <algorithm>

#include "program/rewrite.hpp"

namespace carousel {
namespace {

// How often the nodes from `first` on and the states read a node.
std::ptrdiff_t readers_of(const StepProgram& program, int first, int node) {
  std::ptrdiff_t count = std::ranges::count(program.states, node, &ProgramState::next);
  for (std::size_t i = static_cast<std::size_t>(first); i < program.nodes.size(); ++i) {
    count += std::ranges::count(program.nodes[i].inputs, node);
  }
  return count;
}

// Whether a step does nothing with a state but add to it: the sum may stand where the state stood.
// A sum of products with parameters begins by writing over its place.
bool only_adds_to(const StepProgram& program, int first, const ProgramState& state) {
  if (!is_op(program, state.next, "add") || readers_of(program, first, state.previous) != 1)
    return false;
  bool found = false;
  std::vector<int> open{state.next};
  while (!open.empty()) {
    const ProgramNode& sum = program.nodes[static_cast<std::size_t>(open.back())];
    open.pop_back();
    for (const int input : sum.inputs) {
      const Shape& shape = program.nodes[static_cast<std::size_t>(input)].shape;
      if (!(shape == state.shape) || (is_op(program, input, "matmul") && shape.rank() == 2))
        return false;
      if (is_op(program, input, "add")) open.push_back(input);
      found = found || input == state.previous;
    }
  }
  return found;
}

// Whether the state has one place for all steps: no step changes it or, on the way back of such a
// state, what it holds is a sum over the steps.
bool stays_in_place(const ScanPlan& plan, const StepProgram& program, int first, bool reverse,
                    std::size_t k) {
  const ProgramState& state = program.states[k];
  if (!plan.forward.states[k].is_given()) return false;
  return !reverse || state.is_given() || only_adds_to(program, first, state);
}

}  // namespace

StateCopies place_states(const StepProgram& program, int first, Along along, ScanPlan& plan) {
  using Scope = PlanBuffer::Scope;
  const bool reverse = along == Along::time_reversed;
  auto& buffers = plan.buffers;
  auto& slots = plan.slots;
  StateCopies result;
  for (std::size_t k = 0; k < program.states.size(); ++k) {
    const ProgramState& state = program.states[k];
    if (stays_in_place(plan, program, first, reverse, k)) {
      buffers.push_back({PlanBuffer::Scope::sequence, row_size(state.shape)});
      const Slot slot{static_cast<int>(buffers.size()) - 1, 0, row_size(state.shape), 0};
      slots[static_cast<std::size_t>(state.previous)] = slot;
      slots[static_cast<std::size_t>(state.next)] = slot;
      continue;
    }
    const bool is_matrix = plan.by_sequences && plan.matrix_states[k];
    const Scope scope = is_matrix ? (reverse ? Scope::turn : Scope::matrices)
                        : reverse ? Scope::chunk
                                  : Scope::window;
    buffers.push_back({scope, row_size(state.shape), true});
    const int buffer = static_cast<int>(buffers.size()) - 1;
    Slot old_value{buffer, 0, row_size(state.shape), reverse ? 1 : 0};
    Slot new_value{buffer, 0, row_size(state.shape), reverse ? 0 : 1};
    slots[static_cast<std::size_t>(state.previous)] = old_value;
    const bool free =
        state.next >= first &&
        program.nodes[static_cast<std::size_t>(state.next)].kind == ProgramNode::Kind::op &&
        slots[static_cast<std::size_t>(state.next)].buffer < 0;
    if (free) slots[static_cast<std::size_t>(state.next)] = new_value;
    else result.copies.emplace_back(new_value, state.next);
  }
  return result;
}

void emit_copies(const StateCopies& states, const std::vector<Slot>& slots, PlanPass& pass) {
  if (states.copies.empty()) return;
  PlanStage stage;
  for (const auto& [to, node] : states.copies) {
    PlanTile copy{Tile::copy, {}, 1, to, {}};
    copy.operands[0] = {slots[static_cast<std::size_t>(node)], -1};
    stage.tiles.push_back(copy);
  }
  pass.loop.push_back(stage);
}

}  // namespace carousel
