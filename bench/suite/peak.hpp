#pragma once

namespace carousel {

/// Rate of multiply-adds in float that the calling thread reaches now on registers alone, with the
/// widest vectors of the processor: the peak that no matrix product can pass, in GFLOP/s (a
/// multiply-add counts as two). Takes some milliseconds.
double measure_peak();

}  // namespace carousel
