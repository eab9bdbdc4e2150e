#pragma once

#include <string>
#include <vector>

#include "data/sequence_set.hpp"
#include "layer/linear.hpp"
#include "layer/recurrent_stack.hpp"

namespace carousel {

/// Predicts each next frame of binary vectors: a recurrent stack, a linear layer, and
/// independent Bernoulli outputs.
class NextFrameModel {
 public:
  /// width: elements of a frame; segments: see ScanOptions.
  NextFrameModel(const Cell& cell, Index width, Index hidden, int depth, Index segments = 1);

  /// The stack's parameters, then output/W and output/b.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// Elements of the recurrent layers' trained parameters: the count of Chung et al. 2014, table 1.
  Index cell_parameter_count() const;
  /// Equations of the cell as they are run, at the sizes of the first layer.
  std::string cell_text() const { return to_text(stack_.program(0)); }

  /// Negative log-likelihood of a batch in nats, summed over outputs, steps and sequences.
  /// parameters: as parameters().
  template <class T>
  Var loss(Tape<T>& tape, std::span<const Var> parameters, const Batch<T>& batch) const;

 private:
  RecurrentStack stack_;
  Linear output_;
  std::vector<ParameterSpec> specs_;
};

}  // namespace carousel
