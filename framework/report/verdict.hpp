#pragma once

#include <string>
#include <vector>

#include "report/report.hpp"

namespace carousel {

/// What a study says of one data set, or of all together, in words.
struct Verdict {
  std::string headline;            ///< "gru is best on tunes: NLL 8.530 ± 0.020 nats per step."
  std::vector<std::string> lines;  ///< a sentence or two each: what is told apart from what
};

/// For each data set the order of its cells and what the first of them is told apart from, and for
/// each cell that the study changes, which changes hurt, help or do neither; then what holds over
/// several data sets. Long lists name their first entries and count the others. Where trials have
/// not ended, the first verdict says so. Empty without trials.
std::vector<Verdict> verdicts(const Report& report);

}  // namespace carousel
