#pragma once

#include <string>
#include <vector>

#include "report/effects.hpp"

namespace carousel {

/// A forest plot of each cell's changes as HTML with inline SVG: a row a change, the worst above, a
/// mark at its effect and a line over its 95 % interval, the cell as it is at zero. Empty without
/// changes.
std::string forests_html(const StudyResults& results, const std::vector<Effects>& effects);

/// The equations of each cell, folded; of a changed cell, with what is gone of the cell as it is,
/// and what is new, marked.
std::string equations_html(const StudyResults& results);

}  // namespace carousel
