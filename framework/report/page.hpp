#pragma once

#include <filesystem>
#include <string>

#include "report/report.hpp"

namespace carousel {

/// The report of a study as one HTML page that holds all it needs and loads nothing.
std::string report_page(const Report& report);

/// Writes report_page() to `file`, whose folder must exist. The text goes to "FILE.tmp" first,
/// which then takes the place of `file`: a reader never meets half a page.
/// Throws EnvironmentError when a file cannot be written or renamed.
void write_report(const std::filesystem::path& file, const Report& report);

}  // namespace carousel
