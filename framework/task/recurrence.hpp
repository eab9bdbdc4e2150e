#pragma once

#include <deque>
#include <string>

#include "layer/recurrent_stack.hpp"

namespace carousel {

/// What a stack may know of a sequence at each of its steps: the steps up to it, or all of them.
enum class Sight { past, whole };

/// The only door of a task to the cell under study: it makes stacks of that cell, and a task never
/// learns which one it is.
class Recurrence {
 public:
  /// hidden, segments, rounding: see StackOptions. `cell` must outlive it.
  Recurrence(const Cell& cell, Index hidden, const ModelOptions& model = {}, Index segments = 1,
             Rounding rounding = Rounding::none);

  /// A stack for x of `input` elements, whose parameters are named `name`/... It runs both ways
  /// where the model's options ask for that and its sight allows it. Compiles nothing before it
  /// runs. Throws InputError where the cell can't be built for these sizes.
  RecurrentStack stack(const std::string& name, Index input, Sight sight = Sight::past);
  /// The same with a first layer that looks at a memory in each step (cell/attention.hpp), from
  /// start to end alone.
  RecurrentStack attentive(const std::string& name, Index input, const AttentionForm& attention);
  /// Throws InputError where the options ask for something that none of the stacks could take.
  void expect_options_taken() const;

  /// Trained elements of all stacks made so far: the count of Chung et al. 2014, table 1.
  Index parameter_count() const;
  /// Memory that the stacks' scans took, see Scan.
  std::size_t bytes_reserved() const;
  /// Time that the stacks' scans took, see Scan.
  double scan_seconds() const;
  /// The cell as it is run, in the first layer of the first stack.
  const StepProgram& cell_program() const;
  /// Equations of the cell as they are run, at the sizes of the first layer of the first stack.
  std::string cell_text() const;

 private:
  const Cell* cell_;
  ModelOptions model_;
  StackOptions options_;
  std::deque<RecurrentStack> stacks_;  // copies share what is compiled
};

}  // namespace carousel
