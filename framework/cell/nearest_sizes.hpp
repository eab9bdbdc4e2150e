#pragma once

#include <string>

#include "cell/cell.hpp"

namespace carousel {

/// The sizes nearest to those wanted for which the cell can be built: some take an even hidden size
/// only, or an input as wide as the state. Looks for a larger hidden size first, then for another
/// input, then for one size for both, then at all pairs. Throws what the cell throws at `wanted`
/// when none of a few more can be built.
CellSizes nearest_sizes(const Cell& cell, const CellSizes& wanted);

/// Which sizes a cell takes, in words: "input = hidden", or "hidden is a multiple of 4". It is the
/// simplest rule that says of all sizes up to 16 whether the cell can be built; empty where none
/// does. sizes: for the hyperparameters.
std::string rule_of_sizes(const Cell& cell, const CellSizes& sizes);

}  // namespace carousel
