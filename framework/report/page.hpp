#pragma once

#include <filesystem>
#include <string>

#include "report/report.hpp"

namespace carousel {

/// The report of a study as one HTML page that holds all it needs and loads nothing.
std::string report_page(const Report& report);

/// A page of its own in the style of a report, without scripts. title: plain text; body: HTML below
/// it.
std::string plain_page(const std::string& title, const std::string& body);

/// Writes report_page() to `file`, whose folder must exist. The text goes to "FILE.tmp" first,
/// which then takes the place of `file`: a reader never meets half a page.
/// Throws EnvironmentError when a file cannot be written or renamed.
void write_report(const std::filesystem::path& file, const Report& report);

}  // namespace carousel
