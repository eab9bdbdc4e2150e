#pragma once

#include <functional>
#include <string>

#include "program/step_program.hpp"

namespace carousel {

/// How a length is written: "3 * hidden" for 12.
using SizeText = std::function<std::string(Index)>;

/// How a number that may be a length is written: "hidden" for 12, nothing where it is none.
using NumberText = std::function<std::string(double)>;

/// As to_text(program), with lengths as `size` writes them and numbers as `number` does, which
/// writes nothing for those that are to stay.
std::string to_text(const StepProgram& program, const SizeText& size, const NumberText& number);

}  // namespace carousel
