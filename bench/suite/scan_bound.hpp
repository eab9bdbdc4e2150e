#pragma once

#include "bench/suite/machine_rates.hpp"
#include "program/plan.hpp"

namespace carousel {

/// The least that a training step of a scan, forward and back to all gradients, can take one core.
/// Milliseconds.
struct ScanBound {
  double products = 0.0;     ///< matrix products at the rate of multiply-adds
  double elementwise = 0.0;  ///< elementwise ops and sums, each at its kernel's own rate
  double memory = 0.0;  ///< what must come and go whatever is kept: x, outputs, their gradients

  /// Arithmetic shares its units; memory can move beside it.
  double total() const;
};

/// The bound of a plan in float. rows: steps times sequences. What only moves elements, such as a
/// slice, costs nothing, since whoever reads them could read them where they are.
ScanBound bound_of(const ScanPlan& plan, Index rows, const MachineRates& rates);

}  // namespace carousel
