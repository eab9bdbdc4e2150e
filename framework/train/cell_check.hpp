#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

/// One thing that was checked.
struct CheckStep {
  std::string name;     ///< "builds", "gradients", "scan" or "learns"
  bool passed = false;  ///< false: the check ends here
  std::string detail;   ///< figures when it passed, what is wrong when not
};

/// Most elements that all values of a step, for one sequence, and all parameters may have together
/// in a cell that is checked.
inline constexpr Index most_checked_elements = Index{1} << 20;

/// Checks a cell, one step after the other, up to the first that fails:
/// ```
///   builds      at small sizes
///   gradients   of x, further inputs, initial states and parameters against central differences,
///               on five steps of three sequences of unequal length, to 1e-5; at most 1500
///               elements, evenly chosen, and fewer where the cell is large
///   scan        outputs, final states and all gradients of the compiled scan against the tape, to
///               1e-10 in double and 1e-2 in float
///   learns      to say what the sign of its input was at the step before: the loss must get a
///               hundredth below chance (log 2), and below what it began with, within `seconds` of
///               training
/// ```
/// `done` hears of each step as it ends. Sizes are `wanted`, or a little larger hidden sizes where
/// the cell takes these only. Throws the error of the cell where it can't be built, or only where
/// input and hidden size are the same and that was not wanted: most likely a matrix has the wrong
/// shape. Throws InputError where it has more than most_checked_elements.
std::vector<CheckStep> check_cell(const Cell& cell, const CellSizes& wanted, double seconds,
                                  const std::function<void(const CheckStep&)>& done);

}  // namespace carousel
