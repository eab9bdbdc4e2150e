#pragma once

#include <string>

#include "report/summary.hpp"

namespace carousel {

/// A plain-text table of at most 80 columns: one row per cell, hidden size and rate, with means
/// over the finished seeds and the sample standard deviation of the test NLL (nats per step).
/// Names that are too long are cut; where even that is not enough, columns are left out and named
/// in a note below the table. Ends with a newline.
std::string result_table(const StudyResults& results);

}  // namespace carousel
