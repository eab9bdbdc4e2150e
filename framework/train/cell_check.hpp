#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

/// One thing that was checked.
struct CheckStep {
  std::string name;     ///< "builds", "gradients", "scan" or "learns"
  bool passed = false;  ///< false: the check ends here
  std::string detail;   ///< figures, and what is wrong; may have several lines
};

/// Most elements that all values of a step, for one sequence, and all parameters may have together
/// in a cell that is checked.
inline constexpr Index most_checked_elements = Index{1} << 20;

/// Sizes that a cell is checked at, where no others are asked for and the cell takes them.
inline const CellSizes checked_sizes{3, 4};

/// What a cell is checked at.
struct CheckRequest {
  // Without one, that of checked_sizes, or one near it that the cell takes.
  std::optional<Index> input = {},  ///< elements of x at a step
      hidden = {};                  ///< elements of a state
  double seconds = 2.0;             ///< longest training run
};

/// Who hears of a check. Each may be left empty.
struct CheckListener {
  /// A step ended.
  std::function<void(const CheckStep& step)> done = {};
  /// The program that is checked, behind the step "builds".
  std::function<void(const StepProgram& program)> built = {};
  /// Called many times a second: which step runs, and how far it is, such as "120 passes".
  std::function<void(const std::string& step, const std::string& how_far)> progress = {};
};

/// Checks a cell, one step after the other, up to the first that fails:
/// ```
///   builds      at small sizes
///   gradients   of x, further inputs, initial states and parameters against central differences,
///               on five steps of three sequences of unequal length, to 1e-5; at most 1500
///               elements, evenly chosen, and fewer where the cell is large
///   scan        outputs, final states and all gradients of the compiled scan against the tape, to
///               1e-10 in double and 1e-2 in float
///   learns      to say what the sign of its input was at the step before, or at the nearest step
///               that its output depends on: the loss must get a hundredth below chance (log 2),
///               and below what it began with, within the seconds of training
/// ```
/// A state with an `initial` line starts there, and is not moved for differences; others start at
/// numbers at random. Hidden sizes that were asked for may become a little larger, where the cell
/// takes these only. Throws the error of the cell where it can't be built, with the sizes that it
/// takes; also where these are input = hidden, which nobody asked for, in a cell from a file: most
/// likely a matrix has the wrong shape. Throws InputError where the cell has more than
/// most_checked_elements, and Interrupted.
std::vector<CheckStep> check_cell(const Cell& cell, const CheckRequest& request,
                                  const CheckListener& listener);

}  // namespace carousel
