#pragma once

#include <memory>
#include <vector>

#include "train/shards.hpp"
#include "train/study_options.hpp"

namespace carousel {

/// Loss and gradient of batches of a split, the gradient clipped as a study asks.
///
/// A gradient that grows with every step back in time can leave the range of float, where clipping
/// would still have kept its direction. It is then computed again in double, from the same values.
template <class T>
class BatchGradient {
 public:
  using Options = decltype(StudyOptions::train);

  /// `model` and `split` must outlive it.
  BatchGradient(const NextFrameModel& model, const SequenceSplit& split, const Options& options);

  struct Result {
    double loss = 0.0;      // summed NLL, nats
    Index steps = 0;        // scored ones
    double norm = 0.0;      // of the gradient before it was scaled down; not finite: no gradient
    bool overflow = false;  // the gradient was computed in double
  };
  /// values: the model's parameters, in order. The gradient is in gradients() then, unless the
  /// result's loss or norm is not finite.
  Result compute(const std::vector<Tensor<T>>& values, const std::vector<int>& sequences);

  const std::vector<Tensor<T>>& gradients() const { return gradients_; }
  ShardRunner<T>& runner() { return runner_; }

 private:
  Index terms(const std::vector<int>& sequences) const;
  double compute_in_double(const std::vector<Tensor<T>>& values, const std::vector<int>& sequences);

  const NextFrameModel& model_;
  const SequenceSplit& split_;
  Options options_;
  ShardRunner<T> runner_;
  std::unique_ptr<ShardRunner<double>> in_double_;  // made when it is needed
  std::vector<Tensor<T>> gradients_;
};

}  // namespace carousel
