#pragma once

#include <string>

#include "cli/cell_arguments.hpp"
#include "cli/common_options.hpp"

namespace carousel {

/// What `show` and `ablate` build a cell at, where no other sizes are asked for.
inline const CellSizes shown_sizes{88, 36};

// Commands about cells. Each returns the program's exit code, and throws the library's errors.

/// Lists the cells whose name, title or reference holds `pattern` and which are of `group`; both
/// may be empty.
int cells_command(const CellRegistry& registry, const std::string& pattern,
                  const std::string& group, bool json);
/// The catalogue page as Markdown.
int catalogue_command(const CellRegistry& registry);
/// Prints a cell: what it is, its equations as they are run (or as LaTeX), its parameter count and
/// schedule.
int show_command(CellRegistry& registry, const CellArguments& arguments, const std::string& variant,
                 bool latex);
/// Lists the single changes of a cell, or prints the equations of one.
int ablate_command(CellRegistry& registry, const CellArguments& arguments,
                   const std::string& variant, bool json);
/// Checks a cell, at sizes that it takes where none are asked for; the exit code is 1 when a check
/// fails. seconds: of training, 0.001 to 86400.
int check_command(CellRegistry& registry, const CellArguments& arguments, double seconds,
                  const CommonOptions& common);
/// Writes NAME.cell, which must not exist, into the current folder.
int new_command(const CellRegistry& registry, const std::string& name);

}  // namespace carousel
