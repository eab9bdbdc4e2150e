#pragma once

#include <deque>
#include <string>

#include "layer/recurrent_stack.hpp"

namespace carousel {

/// Whether a recurrent layer reads its input from the start, or from both ends.
enum class Direction { forward, both };

/// The only door of a task to the cell under study: it makes stacks of that cell, and a task never
/// learns which one it is.
class Recurrence {
 public:
  /// hidden, depth, segments: see StackOptions. `cell` must outlive it.
  Recurrence(const Cell& cell, Index hidden, int depth, Index segments = 1);

  /// A stack for x of `input` elements, whose parameters are named `name`/... Compiles nothing
  /// before it runs. Throws InputError where the cell can't be built for these sizes.
  RecurrentStack stack(const std::string& name, Index input,
                       Direction direction = Direction::forward);

  /// Trained elements of all stacks made so far: the count of Chung et al. 2014, table 1.
  Index parameter_count() const;
  /// Memory that the stacks' scans took, see Scan.
  std::size_t bytes_reserved() const;
  /// Equations of the cell as they are run, at the sizes of the first layer of the first stack.
  std::string cell_text() const;

 private:
  const Cell* cell_;
  StackOptions options_;
  std::deque<RecurrentStack> stacks_;  // copies share what is compiled
};

}  // namespace carousel
