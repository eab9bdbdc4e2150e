#pragma once

#include "cell/cell.hpp"

namespace carousel {

/// The sizes nearest to those wanted for which the cell can be built: some take an even hidden size
/// only, or an input as wide as the state. Throws what the cell throws at `wanted` when none of a
/// few more can be built.
CellSizes nearest_sizes(const Cell& cell, const CellSizes& wanted);

}  // namespace carousel
