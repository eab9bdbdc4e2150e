#pragma once

#include <string>
#include <vector>

#include "report/summary.hpp"

namespace carousel {

// The tables of the report page as HTML. Each is empty when the study has nothing for it.

/// One table a data set: its cells beside published figures, then baselines and other models.
std::string result_tables(const std::vector<SummaryRow>& rows, const StudyResults& results);

/// Test NLL by cell and data set, and the figures over all of them; for two data sets or more.
std::string pooled_tables(const std::vector<SummaryRow>& rows, const StudyResults& results);

/// Every pair of cells of each data set.
std::string comparison_table(const StudyResults& results);

/// Every trial, in the order of the study.
std::string trial_table(const StudyResults& results);

/// What the study ran on.
std::string machine_table(const StudyResults& results);

}  // namespace carousel
