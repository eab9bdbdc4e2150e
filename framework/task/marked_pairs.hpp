#pragma once

#include "task/generated.hpp"

namespace carousel {

/// What adding and multiplication share (Hochreiter and Schmidhuber 1997, sections 5.4 and 5.5).
/// Each step has a value and a marker. Lengths are uniform in [lag, lag + lag / 10]. The marker is
/// -1 at the first and the last step, 1 at two more, else 0: one of the first 10, and one of the
/// first lag / 2 - 1 that are left. Where the first step is chosen its marker stays -1, and
/// `of_first_step` is taken for its value; the paper says so of the first of the two choices alone.
struct MarkedPairs {
  double lowest = 0.0;         ///< values are uniform in [lowest, 1)
  double of_first_step = 0.0;  ///< the value that stands for a marked first step
  double (*target)(double first, double second) = nullptr;  ///< of the two marked values
};

/// `lag`, and what else the task needs.
std::vector<TaskOption> marked_pair_options();
/// The form of such a task; name: that of the task.
GeneratedForm marked_pairs_form(const std::string& task, const TaskOptions& options,
                                const std::string& description, const MarkedPairs& pairs);

}  // namespace carousel
