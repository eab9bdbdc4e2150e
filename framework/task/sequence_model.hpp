#pragma once

#include "layer/linear.hpp"
#include "task/generated.hpp"
#include "task/recurrence.hpp"

namespace carousel {

/// The model of tasks that make their data: a recurrent stack, and a linear layer that reads it at
/// the scored steps alone. Its outputs are values, or the logits of classes.
class SequenceModel final : public Model {
 public:
  /// `problem` must outlive it.
  SequenceModel(Recurrence& recurrence, const GeneratedProblem& problem);

  Var loss(const Pass& pass, Split split, Ids ids) const override;
  void count(const Pass& pass, Split split, Ids ids, Tally& tally) const override;

 private:
  /// [1, S, outputs]
  Var outputs(const Pass& pass, const GeneratedBatch& batch) const;

  const GeneratedProblem& problem_;
  RecurrentStack stack_;
  Linear output_;
};

}  // namespace carousel
