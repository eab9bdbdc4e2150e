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

// Whether a state is moved by data, parameters or other states; a number of the step is not.
bool is_moved(const StepProgram& program, const ProgramState& state) {
  const std::vector<char> made_of = ancestors(program, state.next);
  for (std::size_t i = 0; i < made_of.size(); ++i) {
    const bool leaf = program.nodes[i].kind != ProgramNode::Kind::op;
    if (made_of[i] && leaf && static_cast<int>(i) != state.previous) return true;
  }
  return false;
}

bool is_vector_state(const StepProgram& program, const ProgramState& state) {
  const ProgramNode& next = program.nodes[at(state.next)];
  return state.shape.rank() == 2 && next.kind == ProgramNode::Kind::op && !state.loss_weight &&
         is_moved(program, state);
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

// A mask for a state, as the program's last input.
int add_mask(StepProgram& program, const ProgramState& state, const Supply& supply) {
  StepBuilder builder(program);
  const Var mask = builder.supplied("dropout_" + state.name, state.shape.back(), 1.0, supply);
  program = builder.take();
  return mask.id;
}

// The state takes the mask where it takes something new. Returns whether there is such a place.
bool drop_additions(StepProgram& program, const ProgramState& state, const Supply& supply) {
  const auto places = additions_to(program, state);
  if (places.empty() || is_divisor(program, state)) return false;
  const int mask = add_mask(program, state, supply);
  for (const auto& [node, input] : places) {
    const int term = program.nodes[at(node)].inputs[at(input)];
    const int masked = append_op(program, "mul", {term, mask});
    program.nodes[at(node)].inputs[at(input)] = masked;
  }
  return true;
}

// All that reads the state's old value reads it with the mask.
void drop_old_values(StepProgram& program, const ProgramState& state, const Supply& supply) {
  const int mask = add_mask(program, state, supply);
  const std::size_t readers = program.nodes.size();
  const int masked = append_op(program, "mul", {state.previous, mask});
  for (std::size_t i = 0; i < readers; ++i) {
    std::ranges::replace(program.nodes[i].inputs, state.previous, masked);
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

StepProgram with_zoneout(const StepProgram& program, const std::map<std::string, double>& rates) {
  StepBuilder builder(program);
  std::string output;
  for (const ProgramState& state : program.states) {
    if (!is_vector_state(program, state)) {
      if (rates.contains(state.name)) {
        fail_input("cell {}: zoneout of {}, which is no vector with an equation of its own",
                   program.name, state.name);
      }
      continue;
    }
    const double rate = rate_of(rates, state.name);
    if (rate == 0.0) continue;
    const Var old = builder.at(state.previous), computed = builder.at(state.next);
    const Var keep = builder.supplied("zoneout_" + state.name, state.shape.back(), rate,
                                      {Supply::Kind::keep, rate, Supply::Often::step});
    const std::string name = "zoned_" + state.name;
    builder.set_next(state.name, builder.let(name, computed + keep * (old - computed)));
    if (program.output == state.next) output = name;
  }
  if (!output.empty()) builder.set_output(output);
  return builder.finish();
}

StepProgram with_recurrent_dropout(StepProgram program, double rate, Supply::Often often) {
  if (rate == 0.0) return program;
  const Supply supply{Supply::Kind::drop, rate, often};
  const std::vector<ProgramState> states = program.states;
  bool any = false;
  for (const ProgramState& state : states) {
    if (is_vector_state(program, state)) any = drop_additions(program, state, supply) || any;
  }
  for (const ProgramState& state : states) {
    if (!any && is_vector_state(program, state)) drop_old_values(program, state, supply);
  }
  return simplified(program);
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
