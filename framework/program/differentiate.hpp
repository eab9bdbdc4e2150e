#pragma once

#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// The backward step of a program, made by the derivative rules of the op table. It runs from the
/// last step to the first; a node id below `forward_nodes` is the forward node of that id.
struct BackwardStep {
  /// inputs: the forward inputs, then the forward states' old values, then the cotangent of the
  /// output. states: a cotangent for each forward state, carried from the later step to the
  /// earlier one. parameters: as forward. output: unused.
  StepProgram program;
  int forward_nodes = 0;                  ///< how many nodes the forward program has
  std::vector<int> input_cotangents;      ///< node of each forward input's, -1 where it is zero
  std::vector<int> parameter_cotangents;  ///< this step's share of each parameter's, or -1
};

/// Differentiates one time step. Throws InputError when an op on the way has no derivative rule
/// that works on a batch of unknown size.
BackwardStep differentiate(const StepProgram& program);

/// How much the sum of `value` changes with each element of `wrt`, in the shape of `wrt`: ops added
/// to the builder, which can be differentiated again. Both are values of the builder, `wrt` one for
/// each sequence where `value` is. Zeros where there is no path. Throws InputError as
/// differentiate() does.
Var gradient_of(StepBuilder& builder, Var value, Var wrt);

/// Names of the trained parameters that no gradient reaches: what reads them, such as a
/// comparison, has none.
std::vector<std::string> parameters_without_gradient(const StepProgram& program);

}  // namespace carousel
