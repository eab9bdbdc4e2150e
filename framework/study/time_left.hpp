#pragma once

#include <vector>

#include "study/results.hpp"

namespace carousel {

/// An estimate of the seconds that a study still takes on this number of threads, one trial on
/// each. A waiting trial is taken to need the mean time of the ended ones of its cell and data set,
/// else of its data set, else of all. A running one needs the rest of that time or, before anything
/// has ended, of what its share of epochs foretells. share: of each trial's epochs, 0 to 1. NaN
/// while nothing is known.
double seconds_left(const std::vector<TrialRecord>& trials, const std::vector<double>& share,
                    int threads);

}  // namespace carousel
