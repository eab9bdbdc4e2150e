#pragma once

#include <string>
#include <vector>

#include "report/summary.hpp"

namespace carousel {

/// What page.js draws, as JSON (not yet safe inside a <script> element):
///   [{"dataset": text, "series": [{"label": text, "seeds": count without diverged ones,
///     "points": [[epoch, seconds, mean, low, high, train, seeds], ...],
///     "diverged": [{"seed": text, "points": [[epoch, seconds, valid], ...]}, ...]}, ...]}, ...]
/// Times in seconds, NLL in nats per step; numbers that are not finite are null.
std::string chart_json(const std::vector<SummaryRow>& rows, const StudyResults& results);

/// One label per row, unique within its data set as far as the rows differ: the name, then hidden
/// units and rate where the same name occurs with several of them.
std::vector<std::string> series_labels(const std::vector<SummaryRow>& rows);

}  // namespace carousel
