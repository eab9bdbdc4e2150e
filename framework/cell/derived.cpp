#include "cell/derived.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "program/rewrite.hpp"

namespace carousel {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

bool is_sum(const StepProgram& program, int id) {
  return is_op(program, id, "add") || is_op(program, id, "sub");
}

// A second name for a value.
int seen_through_copies(const StepProgram& program, int id) {
  while (is_op(program, id, "broadcast_to") &&
         program.nodes[at(program.nodes[at(id)].inputs[0])].shape == program.nodes[at(id)].shape) {
    id = program.nodes[at(id)].inputs[0];
  }
  return id;
}

bool is_vector_state(const StepProgram& program, const ProgramState& state) {
  const ProgramNode& next = program.nodes[at(state.next)];
  return state.shape.rank() == 2 && next.kind == ProgramNode::Kind::op;
}

// A mask input for a state, as the program's last input.
Var mask_input(StepBuilder& builder, std::vector<MaskInput>& masks, const std::string& name,
               const ProgramState& state, double rate, MaskInput::Kind kind) {
  const Index size = state.shape.back();
  masks.push_back({name, size, rate, kind});
  return builder.input(name, size, kind == MaskInput::Kind::keep ? rate : 1.0);
}

// The inputs of sums that together are the value `sum`.
void collect_terms(const StepProgram& program, int sum, std::vector<std::pair<int, int>>& terms) {
  const auto& inputs = program.nodes[at(sum)].inputs;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const int term = seen_through_copies(program, inputs[k]);
    if (is_sum(program, term)) {
      collect_terms(program, term, terms);
    } else {
      terms.emplace_back(sum, static_cast<int>(k));
    }
  }
}

// Whether a value is the node, or a product with it.
bool holds_factor(const StepProgram& program, int id, int factor) {
  id = seen_through_copies(program, id);
  if (id == factor) return true;
  if (!is_op(program, id, "mul")) return false;
  const auto& inputs = program.nodes[at(id)].inputs;
  return std::ranges::any_of(inputs,
                             [&](int input) { return holds_factor(program, input, factor); });
}

// Where a state that remembers by a sum takes something new: a node, and which input of it.
std::vector<std::pair<int, int>> additions_to(const StepProgram& program,
                                              const ProgramState& state) {
  const int next = seen_through_copies(program, state.next);
  if (!is_sum(program, next)) return {};
  std::vector<std::pair<int, int>> terms, added;
  collect_terms(program, next, terms);
  for (const auto& [node, input] : terms) {
    const int term = program.nodes[at(node)].inputs[at(input)];
    if (!holds_factor(program, term, state.previous)) added.emplace_back(node, input);
  }
  return added.size() < terms.size() ? added : std::vector<std::pair<int, int>>{};
}

// Whether a value is the node, or elementwise made of it and of nothing else but bounds.
bool follows(const StepProgram& program, int id, int node) {
  id = seen_through_copies(program, id);
  if (id == node) return true;
  const bool bounded = is_op(program, id, "abs") || is_op(program, id, "maximum") ||
                       is_op(program, id, "add") || is_op(program, id, "exp");
  const auto& inputs = program.nodes[at(id)].inputs;
  return bounded &&
         std::ranges::any_of(inputs, [&](int input) { return follows(program, input, node); });
}

// Whether the cell divides by the state: without what was added there would be nothing to divide
// by, and what is divided is dropped itself.
bool is_divisor(const StepProgram& program, const ProgramState& state) {
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (is_op(program, static_cast<int>(i), "div") &&
        follows(program, program.nodes[i].inputs[1], seen_through_copies(program, state.next))) {
      return true;
    }
  }
  return false;
}

// The state takes the mask where it takes something new. Returns whether there is such a place.
bool drop_additions(MaskedProgram& cell, const ProgramState& state, double rate) {
  const auto places = additions_to(cell.program, state);
  if (places.empty() || is_divisor(cell.program, state)) return false;
  StepBuilder builder(cell.program);
  const Var mask =
      mask_input(builder, cell.masks, "dropout_" + state.name, state, rate, MaskInput::Kind::drop);
  cell.program = builder.take();
  for (const auto& [node, input] : places) {
    const int term = cell.program.nodes[at(node)].inputs[at(input)];
    const int masked = append_op(cell.program, "mul", {term, mask.id});
    cell.program.nodes[at(node)].inputs[at(input)] = masked;
  }
  return true;
}

// All that reads the state's old value reads it with the mask.
void drop_old_values(MaskedProgram& cell, const ProgramState& state, double rate) {
  StepBuilder builder(cell.program);
  const Var mask =
      mask_input(builder, cell.masks, "dropout_" + state.name, state, rate, MaskInput::Kind::drop);
  cell.program = builder.take();
  const std::size_t readers = cell.program.nodes.size();
  const int masked = append_op(cell.program, "mul", {state.previous, mask.id});
  for (std::size_t i = 0; i < readers; ++i) {
    std::ranges::replace(cell.program.nodes[i].inputs, state.previous, masked);
  }
}

double rate_of(const std::map<std::string, double>& rates, const std::string& state) {
  const auto own = rates.find(state), all = rates.find("all");
  if (own != rates.end()) return own->second;
  return all != rates.end() ? all->second : 0.0;
}

}  // namespace

std::vector<std::string> vector_states(const StepProgram& program) {
  std::vector<std::string> names;
  for (const ProgramState& state : program.states) {
    if (is_vector_state(program, state)) names.push_back(state.name);
  }
  return names;
}

MaskedProgram with_zoneout(MaskedProgram cell, const std::map<std::string, double>& rates) {
  const std::vector<ProgramState> states = cell.program.states;
  StepBuilder builder(cell.program);
  std::string output;
  for (const ProgramState& state : states) {
    if (!is_vector_state(cell.program, state)) {
      if (rates.contains(state.name)) {
        fail_input("cell {}: zoneout of {}, which is no vector with an equation of its own",
                   cell.program.name, state.name);
      }
      continue;
    }
    const double rate = rate_of(rates, state.name);
    if (rate == 0.0) continue;
    const Var old = builder.at(state.previous), computed = builder.at(state.next);
    const Var keep = mask_input(builder, cell.masks, "zoneout_" + state.name, state, rate,
                                MaskInput::Kind::keep);
    const std::string name = "zoned_" + state.name;
    builder.set_next(state.name, builder.let(name, computed + keep * (old - computed)));
    if (cell.program.output == state.next) output = name;
  }
  if (!output.empty()) builder.set_output(output);
  cell.program = builder.finish();
  return cell;
}

MaskedProgram with_recurrent_dropout(MaskedProgram cell, double rate) {
  if (rate == 0.0) return cell;
  const std::vector<ProgramState> states = cell.program.states;
  bool any = false;
  for (const ProgramState& state : states) {
    if (is_vector_state(cell.program, state)) any = drop_additions(cell, state, rate) || any;
  }
  for (const ProgramState& state : states) {
    if (!any && is_vector_state(cell.program, state)) drop_old_values(cell, state, rate);
  }
  cell.program = simplified(cell.program);
  return cell;
}

StepProgram with_learned_states(const StepProgram& program) {
  StepBuilder builder(program);
  for (const ProgramState& state : program.states) {
    if (!is_vector_state(program, state) || state.initial_node >= 0) continue;
    builder.set_initial(state.name, builder.parameter("initial_" + state.name, {state.shape.back()},
                                                      Initialiser::constant(state.initial)));
  }
  return builder.finish();
}

}  // namespace carousel
