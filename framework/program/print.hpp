#pragma once

#include <functional>
#include <string>

#include "program/step_program.hpp"

namespace carousel {

/// How a length is written: "3 * hidden" for 12.
using SizeText = std::function<std::string(Index)>;

/// As to_text(program), with lengths, and the numbers that are lengths, as `size` writes them.
std::string to_text(const StepProgram& program, const SizeText& size);

}  // namespace carousel
