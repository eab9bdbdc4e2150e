#pragma once
// What the nodes of a step program are to a cell.

#include <optional>
#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// An input of a node: the place where an expression can be exchanged.
struct NodeInput {
  int node = -1;          ///< that reads
  std::size_t input = 0;  ///< which of its inputs, from 0
};

/// The value (op) of that name. Throws InputError with a suggestion when there is none.
int find_value(const StepProgram& program, const std::string& name);

/// The nodes of the expression of a named value: itself, then the unnamed ones inside, from left to
/// right, each once.
std::vector<int> expression_of(const StepProgram& program, int value);

/// The activation at a place of a value's expression (Ablation::place): tanh, relu or sigmoid;
/// -1: none.
int activation_at(const StepProgram& program, int value, int place);

/// What goes into a gate's sigmoid or hard sigmoid; nothing when the node is not a gate.
std::optional<NodeInput> gate_input_of(const StepProgram& program, int node);

/// Gates in order: named values [batch, n] that are sigmoid(..) or hard_sigmoid(..).
std::vector<int> gates_of(const StepProgram& program);

/// The nodes that the output's value depends on, within a step or through the states. Of
/// stop_gradient(a) + (b - stop_gradient(b)) that is a alone.
std::vector<char> nodes_behind_output(const StepProgram& program);

/// The parts of an LSTM: c = f * c[t-1] + i * g, h = o * tanh(c), with gates i, f, o.
struct LstmParts {
  int input_gate = -1,          ///< i, a node
      forget_gate = -1,         ///< f
      output_gate = -1;         ///< o
  int content_activation = -1;  ///< the tanh of g
  int output_activation = -1;   ///< the tanh of c
};

/// The parts, where the program has them.
std::optional<LstmParts> lstm_parts(const StepProgram& program);

}  // namespace carousel
