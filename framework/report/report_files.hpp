#pragma once

#include <filesystem>

#include "report/report.hpp"

namespace carousel {

/// The results with the pictures of the run's last inspection, where there was one.
StudyResults with_inspection(StudyResults results, const std::filesystem::path& folder);

/// Writes report.html, table.md, table.tex and plots/ of a run into its folder. Throws
/// EnvironmentError.
void write_report_files(const Report& report, const std::filesystem::path& folder);

}  // namespace carousel
