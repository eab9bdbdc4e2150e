#pragma once

#include <vector>

#include "program/compiled_scan.hpp"

namespace carousel {

/// A training step of a compiled scan without a tape: forward, and back to all gradients. Values
/// are normal numbers.
class CompiledStep {
 public:
  /// lengths: of the sequences, longest first. Throws InputError where the derivative of an op does
  /// not fit.
  CompiledStep(const StepProgram& program, std::vector<Index> lengths);
  CompiledStep(const CompiledStep&) = delete;
  CompiledStep& operator=(const CompiledStep&) = delete;

  /// The work that is timed. The first time it takes the memory.
  void run();
  /// Rows: the sum of the lengths.
  Index rows() const { return rows_; }
  /// Bytes that it keeps for its way back.
  double bytes_kept() const;
  /// What the scan does, for its bound.
  const ScanPlan& plan() const { return plan_; }
  /// Time by part, since it was switched on.
  PartTimes& times() { return scan_.times(); }

 private:
  ScanPlan plan_;
  CompiledScan<float> scan_;
  std::vector<Index> lengths_;
  Index rows_;
  std::vector<Tensor<float>> parameters_, inputs_, states_;
  Tensor<float> cotangent_;
};

}  // namespace carousel
