#pragma once

#include <functional>

#include "train/cell_check.hpp"

namespace carousel {

/// The step that check_cell() calls "learns": trains the cell to say what the sign of the first
/// element of x was `lag` steps before, at each step. sizes: at which the cell can be built.
/// progress: hears how far the training is.
CheckStep check_learning(const Cell& cell, const CellSizes& sizes, double seconds,
                         const std::function<void(const std::string&)>& progress);

/// How many steps before, at least 1, the nearest x is on which the output of a cell depends: by
/// its gradients, not counting those that are a million times smaller than the largest. 1 where it
/// depends on none.
Index lag_of(const StepProgram& program);

}  // namespace carousel
