#pragma once

#include <string>

#include "program/step_program.hpp"

namespace carousel {

/// What a program computes, whatever its values, parameters and states are called and in whichever
/// order they stand: the same text for two programs that are the same but for that. Of what the
/// output does not need it says nothing.
std::string structure_text(const StepProgram& program);

}  // namespace carousel
