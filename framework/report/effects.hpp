#pragma once

#include <string>
#include <vector>

#include "report/comparisons.hpp"

namespace carousel {

/// What one change of a cell does to its test figure.
struct Effect {
  std::string change;           ///< "NIG", of a cell's single changes
  std::int64_t parameters = 0;  ///< of the changed cell
  int hidden = 0;               ///< elements of its state
  int pairs = 0;                ///< seeds that finished in both
  int diverged = 0;             ///< seeds of the changed cell
  Statistic difference;         ///< changed less intact over the pairs, with its 95 % interval
  PValue paired_t;              ///< corrected for all changes of the cell on the data set (Holm)
  int draw_pairs = 0;           ///< draws of the search that ended in both
  Statistic draw_difference;    ///< the same of validation, over these draws
};

/// A cell as it is, and each of its changes, on one problem at one point of the grid.
struct Effects {
  std::string dataset;          ///< name of the problem
  std::string intact;           ///< label of the cell as it is
  std::int64_t parameters = 0;  ///< of the cell as it is
  std::vector<Effect> changes;  ///< the worst first; what has no difference last
};

/// Of every cell that the study has as it is and with a change. rows: summarise(results).
std::vector<Effects> effects_of(const StudyResults& results, const std::vector<SummaryRow>& rows);

/// Whether a row is a change of another row of the list, which has its cell as it is.
bool is_change(const SummaryRow& row, const std::vector<SummaryRow>& rows);

/// Whether an effect differs from nothing, by its corrected p.
bool is_significant(const Effect& effect);

/// What a change does to its cell.
enum class EffectOutcome {
  hurts,          ///< the figure is worse, and is_significant()
  helps,          ///< better, and is_significant()
  not_different,  ///< not shown to be either
  not_tested      ///< fewer than two seeds finished in both
};

/// The outcome of an effect on a figure of this metric.
EffectOutcome outcome_of(const Effect& effect, const MetricInfo& metric);

}  // namespace carousel
