#pragma once

#include <vector>

#include "report/comparisons.hpp"
#include "report/effects.hpp"
#include "report/plots.hpp"
#include "report/sheet.hpp"
#include "report/summary.hpp"

namespace carousel {

/// What table, page and files of a study are written from. Summaries, tests and bootstraps are
/// computed here, once; a StudyResults stands for its report wherever one is asked for.
struct Report {
  /// Computes all of it.
  Report(const StudyResults& study_results);

  const StudyResults& results;    ///< must outlive the report
  std::vector<SummaryRow> rows;   ///< summarise()
  std::vector<Effects> effects;   ///< effects_of()
  std::vector<Comparison> pairs;  ///< comparisons()
  PooledResults pooled;           ///< pooled_results()
  std::vector<Sheet> sheets;      ///< effect_sheets(), table_sheets(), search_sheets()
  Plots plots;                    ///< plots_of()
};

}  // namespace carousel
