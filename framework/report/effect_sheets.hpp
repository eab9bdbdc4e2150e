#pragma once

#include <string>
#include <vector>

#include "report/effects.hpp"
#include "report/sheet.hpp"

namespace carousel {

/// A sheet for each cell that the study changes: what each change does, the worst first.
std::vector<Sheet> effect_sheets(const StudyResults& results, const std::vector<Effects>& effects);

/// "+0.31 [+0.12, +0.50]": an effect with its interval, or alone.
std::string format_effect(const Statistic& difference, int decimals);
/// "hurts", "helps", "not shown to differ", or "-" where there is no p.
std::string verdict(const Effect& effect, const MetricInfo& metric);

}  // namespace carousel
