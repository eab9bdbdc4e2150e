#pragma once

#include <optional>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// How the parts of two programs with the same equations stand for each other.
struct SameEquations {
  std::vector<std::size_t> parameters;  ///< by parameter of the first program: that of the other
  std::vector<std::size_t> states;      ///< the same of states
};

/// Whether a step of `program` computes what one of `pattern` does: the same ops on the same
/// operands, where names, the order of states and that of the terms of a sum or product do not
/// matter, nor does what a state is before the first step. Sizes must be the same. What can't be
/// told apart by this counts as different. At most 4 states.
std::optional<SameEquations> same_equations(const StepProgram& pattern, const StepProgram& program);

}  // namespace carousel
