#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

/// Which cell a command is about, and how it is built. CELL is a name of the catalogue or a path to
/// a .cell file.
struct CellArguments {
  std::string cell;                    // positional
  std::optional<Index> input, hidden;  // --input, --hidden
  std::vector<std::string> hyper;      // --set name=value
};

/// Throws InputError, which names the option, for a number outside of these bounds.
void expect_within(const char* option, double got, double least, double most);

/// The sizes that were asked for, those of `otherwise` where none was, and the hyperparameters.
/// Throws InputError for a size or a number out of its bounds (cell/cell.hpp), and for a
/// hyperparameter that is not name=number or name=word.
CellSizes sizes_of(const CellArguments& arguments, const CellSizes& otherwise);

}  // namespace carousel
