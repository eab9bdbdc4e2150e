#pragma once

#include <string>

#include "report/report.hpp"

namespace carousel {

/// For each data set a picture of the test figures as HTML with inline SVG: a row a cell, the best
/// above, each finished seed as a circle, their mean as a square with its 95 % interval as a line,
/// published figures of the cell and, over all rows, the baselines as upright lines. Cells without
/// a figure stand last. Nothing of a data set on which no cell has one.
std::string result_figures_html(const Report& report);

}  // namespace carousel
