#pragma once

#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// A program that runs another one and its derivative along a direction (forward mode), step by
/// step. Behind the inputs, parameters and states of the program come how they move: an input for
/// each one that is `moving`, a parameter for each parameter, a state for each state, with the
/// names "d NAME". The output is how the program's own moves. Throws InputError for an op without a
/// tangent rule.
StepProgram with_tangents(const StepProgram& program, const std::vector<bool>& moving);

}  // namespace carousel
