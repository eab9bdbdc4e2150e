#pragma once

#include <string>
#include <vector>

#include "cell/language/syntax.hpp"

namespace carousel {

/// What is odd in a cell, though it can be built, ready to print: a parameter or value that nothing
/// reads, a line about a state that nothing reads, a used cell that is never called. What a variant
/// leaves unused of its base is not odd.
std::vector<std::string> warnings_of(const CellSyntax& syntax);

}  // namespace carousel
