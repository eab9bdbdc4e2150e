#pragma once

#include <string>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

// Commands about cells. CELL is a name of the catalogue or a path to a .cell file. Each returns the
// program's exit code, and throws the library's errors.

/// What `show` and `ablate` build a cell with.
struct CellArguments {
  std::string cell;                // positional
  CellSizes sizes{88, 36};         // --input, --hidden
  std::vector<std::string> hyper;  // --set name=value
};

/// Lists the cells whose name, title or reference holds `pattern` and which are of `group`; both
/// may be empty.
int cells_command(const CellRegistry& registry, const std::string& pattern,
                  const std::string& group, bool json);
/// The catalogue page as Markdown.
int catalogue_command(const CellRegistry& registry);
/// Prints a cell: what it is, its equations as they are run (or as LaTeX), its parameter count and
/// schedule.
int show_command(CellRegistry& registry, CellArguments arguments, const std::string& variant,
                 bool latex);
/// Lists the single changes of a cell, or prints the equations of one.
int ablate_command(CellRegistry& registry, CellArguments arguments, const std::string& variant,
                   bool json);
/// Checks a cell; the exit code is 1 when a check fails. seconds: of training, 0.001 to 86400.
int check_command(CellRegistry& registry, CellArguments arguments, double seconds);
/// Writes NAME.cell, which must not exist, into the current folder.
int new_command(const CellRegistry& registry, const std::string& name);

}  // namespace carousel
