#pragma once

#include <string_view>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

// To rewrite a program: append nodes (StepBuilder goes on from a program), change inputs of nodes
// or redirect() reads to the new ones, then simplified() makes it whole again. In between the nodes
// need not be in an order in which they can be run.

/// Whether a node is an op of that name.
bool is_op(const StepProgram& program, int id, std::string_view op);

/// Appends an op to the nodes. Returns its id. Throws InputError on shapes that do not fit.
int append_op(StepProgram& program, const std::string& op, const std::vector<int>& inputs,
              const Attributes& attributes = {});

/// Appends a number.
int append_constant(StepProgram& program, double value);

/// Appends a parameter. Throws InputError when the name is taken.
int append_parameter(StepProgram& program, const std::string& name, const Shape& shape,
                     const Initialiser& init);

/// Whatever reads node `from` (nodes, states, the output) reads `to`, which gets the name of
/// `from`. A smaller shape broadcasts to that of `from`.
void redirect(StepProgram& program, int from, int to);

/// Whether a state is the number of the step, which begins at 0 and grows by 1: `t` of the
/// language.
bool counts_steps(const StepProgram& program, const ProgramState& state);

/// Nodes that a node is made of within a step, itself included.
std::vector<char> ancestors(const StepProgram& program, int node);

/// The same values with less: arithmetic on numbers is done, what does not change a value (1 * a,
/// 0 + a) is left out, and so are nodes, parameters and states that the output and losses do not
/// need, now or at a later step. Inputs stay. Nodes come in an order in which they can be run; what
/// is left keeps its name. Throws InputError when a value depends on itself within a step.
StepProgram simplified(const StepProgram& program);

}  // namespace carousel
