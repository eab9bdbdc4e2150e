#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "cell/language/syntax.hpp"

namespace carousel {

/// Finds the parsed (and merged) file of another cell by name, for `use`. Throws InputError with a
/// suggestion when there is none.
using FindSyntax = std::function<const CellSyntax&(const std::string& name)>;

/// Makes the program of one step. `syntax` has no base any more. Parameters and states stand in the
/// order in which they are first read; those that nothing reads are left out. Throws LanguageError.
/// Warnings (see warnings_of) are appended when `warnings` is given.
StepProgram build_program(const CellSyntax& syntax, const CellSizes& sizes, const FindSyntax& find,
                          std::vector<std::string>* warnings = nullptr);

/// The hyperparameters of a cell with their defaults.
std::vector<CellHyper> hypers_of(const CellSyntax& syntax);

}  // namespace carousel
