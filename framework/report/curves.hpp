#pragma once

#include <cstdint>
#include <vector>

#include "report/summary.hpp"

namespace carousel {

/// One epoch of the curve of a summary row.
struct BandPoint {
  int epoch = 0;             ///< from 1
  std::int64_t updates = 0;  ///< until the end of the epoch
  int seeds = 0;             ///< that reached this epoch
  double seconds = 0.0;      ///< see band_of
  double mean = 0.0;         ///< validation figure that chooses, over these seeds
  double low = 0.0;          ///< its smallest
  double high = 0.0;         ///< its largest
  double train = 0.0;        ///< training loss over these seeds, mean
};

/// The validation curve of a row over the seeds that did not diverge, in order of epochs.
/// Each epoch covers the seeds which reached it. `seconds` is their mean time at that epoch; from
/// the first stop of a seed on, the time grows by the mean epoch time of the seeds that still
/// run, so that the curve never jumps back. Points that are not finite are left out.
std::vector<BandPoint> band_of(const SummaryRow& row, const std::vector<TrialRecord>& trials);

}  // namespace carousel
