#pragma once
// How good a cell is on the tasks of a stage, beside the first cells of a search.

#include <map>
#include <string>
#include <vector>

#include "study/results.hpp"

namespace carousel {

/// What a cell has reached in a stage: the mean over the seeds of the validation figure that
/// chooses, for each task in the order of the study; NaN where a seed of it diverged.
using StageFigures = std::vector<double>;

/// The figures of every cell of a stage, by its name. Test figures play no part.
std::map<std::string, StageFigures> figures_by_cell(const StudyResults& results);

/// What scores on one task are measured by.
struct TaskScale {
  std::string task;         ///< name of the problem
  double baseline = 0.0;    ///< validation figure of the weakest baseline: score 0
  double best_first = 0.0;  ///< that of the best first cell: score 1

  /// The share that a cell gains of what the best first cell gains over the baseline. Unlike the
  /// ratio of two figures it holds for figures of any sign and either direction, and does not grow
  /// without bound where a figure comes to 0.
  double score(double figure) const { return (baseline - figure) / (baseline - best_first); }
};

/// The scale of each task, from the results of the first cells. Throws InputError where no first
/// cell is better than the weakest baseline of a task: nothing could be told apart there.
std::vector<TaskScale> scales_of(const StudyResults& first, const std::string& stage);

/// The worst score over the tasks, as in Jozefowicz et al. 2015, section 3.2; NaN where a figure
/// is.
double score_of(const StageFigures& figures, const std::vector<TaskScale>& scales);

}  // namespace carousel
