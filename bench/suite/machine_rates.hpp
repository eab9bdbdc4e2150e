#pragma once

#include <map>

#include "kernel/tile.hpp"

namespace carousel {

/// What one core can do at best, measured.
struct MachineRates {
  double flops = 0.0;  ///< multiply-adds on registers, floating-point operations a nanosecond
  double copy = 0.0;   ///< bytes a nanosecond, those read and those written, of a copy in memory
  std::map<Tile, double> tiles;  ///< nanoseconds an element, all operands in the first cache
};

/// Measures them, in float, in less than a second.
MachineRates measure_rates();

}  // namespace carousel
