#pragma once

#include <vector>

#include "bench/peers/protocol.hpp"
#include "cell/cell.hpp"
#include "program/scan.hpp"

namespace carousel {

/// Our side of a comparison: a training step of one layer of a cell, forward and back to the
/// gradients of parameters, input and initial states, through Scan on a tape. Its tensors begin
/// with the values that the peers' have.
class TrainingStep {
 public:
  /// threads: as yet, 1; run_scan_suite() refuses others.
  TrainingStep(const Cell& cell, const peers::Sizes& sizes, int threads);

  /// The work that is timed.
  void run();
  /// Milliseconds of each of `repeats` runs.
  std::vector<double> time(int repeats);
  /// Of the gradients of the last run.
  peers::Fingerprint fingerprint() const;
  /// Floating-point operations of a run that are products with the cell's own matrices: those of
  /// the way forward, three times.
  double operations() const;

 private:
  Scan scan_;
  peers::Sizes sizes_;
  Tape<float> tape_;
  std::vector<std::string> names_;        // of the values
  std::vector<Tensor<float>> values_;     // parameters, x, initial states
  std::vector<Tensor<float>> gradients_;  // of each of them
  Tensor<float> cotangent_;
};

}  // namespace carousel
