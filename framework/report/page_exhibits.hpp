#pragma once

#include <string>
#include <vector>

#include "report/plots.hpp"

namespace carousel {

/// The matrices as tables, without script: those of one title side by side, below a heading. A cell
/// is shaded by its share of the row. Of more than 20 rows or columns the counts are hidden from
/// the eye; they show when the pointer rests on a cell, and are there for screen readers.
std::string matrices_html(const std::vector<PlotMatrix>& matrices);

/// The texts in wrapped lines, side by side like matrices, with the primes marked. Characters that
/// can't be shown have a sign: those below the blank their picture (U+2400 and on), others U+FFFD.
std::string texts_html(const std::vector<PlotText>& texts);

}  // namespace carousel
