#pragma once

#include <string>

#include "cell/cell.hpp"

namespace carousel {

/// The number of matrix products that follow each other inside one step of the loop: 0 when the
/// loop is elementwise, 1 when all products read old states, more when one reads a value that
/// another one made in the same step. Products in front of the loop and behind it don't count, nor
/// do those with a delayed input.
int waves(const StepProgram& program);

/// The page of all cells in Markdown, cells/README.md: a table for each group.
std::string catalogue_page(const CellRegistry& registry);

}  // namespace carousel
