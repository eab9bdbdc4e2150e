#pragma once

#include <string>
#include <vector>

#include "bench/suite/scan_suite.hpp"

namespace carousel {

/// Head of the table of `bench scan`, 80 columns at most. Ends with a newline, as the next two.
std::string table_head();
/// The rows of one cell at one size.
std::string table_rows(const std::vector<ScanRow>& rows);
/// Geometric means of the ratios, a line for each peer, and what the columns mean.
std::string table_foot(const std::vector<ScanRow>& rows);

/// All rows as CSV: suite,T,B,I,H,cell,implementation,threads,precision,ms,gflops,peak_share.
std::string to_csv(const std::vector<ScanRow>& rows);

}  // namespace carousel
