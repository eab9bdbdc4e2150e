#pragma once

#include <vector>

#include "report/comparisons.hpp"
#include "report/sheet.hpp"
#include "report/summary.hpp"

namespace carousel {

/// For each data set the results: the study's rows beside the figures published for them, the
/// baselines, published figures of other models. For each data set of two cells or
/// more every pair of them. Then, where there are several data sets, cells and pairs over all of
/// them. Columns without a single value are left out. rows, pairs, pooled: summarise(),
/// comparisons() and pooled_results() of the results.
std::vector<Sheet> table_sheets(const StudyResults& results, const std::vector<SummaryRow>& rows,
                                const std::vector<Comparison>& pairs, const PooledResults& pooled);

/// Every trial, in the order of the study.
Sheet trial_sheet(const StudyResults& results);

/// What the study ran on.
Sheet machine_sheet(const StudyResults& results);

}  // namespace carousel
