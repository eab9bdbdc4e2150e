#pragma once

#include <memory>
#include <string>
#include <vector>

#include "program/scan.hpp"

namespace carousel {

/// One scan that ran in a pass: a layer of a stack in one direction, with all that it ran on.
struct HeardScan {
  std::string place;                 ///< of its parameters: "layers/0/forward"
  const StepProgram* program;        ///< the stack's own: it lives as long as the stack
  std::vector<Var> parameters = {};  ///< in the program's order
  std::vector<Var> inputs = {};      ///< [T, batch, size] each; x first
  std::vector<Var> states = {};      ///< before the first step: [batch, ..] each
  std::vector<Var> probes = {};      ///< of the names asked for: [T, batch, ..] each
  std::vector<Index> lengths = {};   ///< steps of each sequence; empty: all T
  bool reverse = false;              ///< from each sequence's last step to its first
  /// Filled on the way back, see GradientNorms.
  std::shared_ptr<const GradientNorms> gradient_norms = {};
};

/// Looks on while the stacks of a model run in a pass: a task's own loss runs as it always does,
/// and knows nothing of it.
struct Listener {
  std::vector<std::string> probes = {};  ///< names of values of a step to record, see ScanOptions
  bool gradient_norms = false;           ///< record the gradients that reach the states
  /// Gradients flow from the last step of each sequence alone, so that what reaches a state k steps
  /// before it has come k steps.
  bool last_step_alone = false;
  std::vector<HeardScan> scans = {};  ///< what was heard, in the order in which the scans ran
};

}  // namespace carousel
