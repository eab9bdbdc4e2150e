#pragma once

#include <string>
#include <vector>

#include "data/sequence_set.hpp"
#include "layer/linear.hpp"
#include "layer/recurrent_stack.hpp"

namespace carousel {

/// Predicts each next frame: a recurrent stack, and a linear layer for what its distribution needs
/// (FrameTask::outputs): the logits of a frame, or the outputs of gaussian_mixture_nll.
class NextFrameModel {
 public:
  /// segments: see ScanOptions.
  NextFrameModel(const Cell& cell, const FrameTask& task, Index hidden, int depth,
                 Index segments = 1);

  /// The stack's parameters, then output/W and output/b.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// Elements of the recurrent layers' trained parameters: the count of Chung et al. 2014, table 1.
  Index cell_parameter_count() const;
  /// Memory of the stack's scans, see Scan.
  std::size_t bytes_reserved() const { return stack_.bytes_reserved(); }
  /// Equations of the cell as they are run, at the sizes of the first layer.
  std::string cell_text() const { return to_text(stack_.program(0)); }

  /// Negative log-likelihood of each step in nats, summed over the frame: [T, batch], zero for
  /// padding. parameters: as parameters().
  template <class T>
  Var step_nll(Tape<T>& tape, std::span<const Var> parameters, const Batch<T>& batch) const;

  /// Goes on by some steps: the outputs for frames x, [T, batch, context width], and the states
  /// after them. states: those of an earlier call; empty for the start of the sequences.
  template <class T>
  StackResult step(Tape<T>& tape, std::span<const Var> parameters, Var x,
                   std::span<const Var> states) const;

 private:
  OutputKind outputs_;
  RecurrentStack stack_;
  Linear output_;
  std::vector<ParameterSpec> specs_;
};

}  // namespace carousel
