#pragma once

#include <string>
#include <vector>

#include "report/report.hpp"

namespace carousel {

/// What weakens the results, a sentence or two each: changes since the start of the run, diverged
/// seeds, parameters that had no gradient, intervals from two seeds, a rate at the edge of its
/// search, a best epoch that is the last one, figures worse than a baseline. Long lists name their
/// first entries and count the others. Empty where there is nothing of that.
std::vector<std::string> cautions_of(const Report& report);

}  // namespace carousel
