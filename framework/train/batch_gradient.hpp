#pragma once

#include <memory>
#include <vector>

#include "train/batch_objective.hpp"
#include "train/train_options.hpp"

namespace carousel {

/// Loss and gradient of batches of a split, the gradient clipped as a study asks, unless its rule
/// takes its own steps.
///
/// A gradient that grows with every step back in time can leave the range of float, where clipping
/// would still have kept its direction. It is then computed again in double, from the same values.
template <class T>
class BatchGradient {
 public:
  /// Of the training split. `model` and `problem` must outlive it.
  BatchGradient(const Model& model, const Problem& problem, const TrainOptions& options);

  /// What is known of a batch besides its gradient.
  struct Result {
    double loss = 0.0;      ///< summed over the terms
    Index terms = 0;        ///< of all examples
    double norm = 0.0;      ///< of the gradient before it was scaled down; not finite: no gradient
    bool overflow = false;  ///< the gradient was computed in double
  };
  /// values: the model's parameters, in order. The gradient is in gradients() then, unless the
  /// result's loss or norm is not finite.
  Result compute(const std::vector<Tensor<T>>& values, Ids ids, const TrainingPass<T>& pass = {});

  /// Of the last batch, one for each parameter in its shape; clipped.
  const std::vector<Tensor<T>>& gradients() const { return gradients_; }
  /// The loss of a batch for a rule that looks at it at several places, see BatchObjective; valid
  /// as long as ids, what pass points to, and this object.
  std::unique_ptr<Objective<T>> objective(Ids ids, const TrainingPass<T>& pass,
                                          std::vector<Tensor<T>> noise);
  /// What runs the shards: its memory, and what was carried on.
  ShardRunner<T>& runner() { return runner_; }

 private:
  Index mean_over(Ids ids) const;
  double compute_in_double(const std::vector<Tensor<T>>& values, Ids ids, const MaskSeed* masks,
                           Carried<double> carried);

  const Model& model_;
  const Problem& problem_;
  TrainOptions options_;
  ShardRunner<T> runner_;
  std::unique_ptr<ShardRunner<double>> in_double_;  // made when it is needed
  std::vector<Tensor<T>> gradients_;
};

}  // namespace carousel
