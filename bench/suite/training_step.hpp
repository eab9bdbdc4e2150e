#pragma once

#include <tbb/task_arena.h>

#include <memory>
#include <vector>

#include "bench/peers/protocol.hpp"
#include "cell/cell.hpp"
#include "program/scan.hpp"
#include "train/batches.hpp"

namespace carousel {

/// Our side of a comparison: a training step of one layer of a cell, forward and back to the
/// gradients of parameters, input and initial states, through Scan on a tape. Its tensors begin
/// with the values that the peers' have.
class TrainingStep {
 public:
  /// On one thread the batch is run as it is; on several it is cut into shards of 16 sequences at
  /// most, a task each, and their gradients are summed, as training does it.
  TrainingStep(const Cell& cell, const peers::Sizes& sizes, int threads,
               Rounding rounding = Rounding::none);

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
  // Some sequences of the batch: a tape of its own, and its part of x, states and cotangent.
  struct Shard {
    Tape<float> tape;
    std::vector<Tensor<float>> values;  // parameters, x, initial states
    Tensor<float> cotangent;
  };

  std::unique_ptr<Shard> make_shard(const ShardRange& range) const;
  void run(Shard& shard, std::vector<Tensor<float>>& gradients) const;
  Tensor<float> whole_gradient(std::size_t value) const;

  Scan scan_;
  peers::Sizes sizes_;
  Rounding rounding_;
  std::size_t parameters_ = 0;
  std::vector<std::string> names_;     // of the values
  std::vector<Tensor<float>> values_;  // parameters, x, initial states
  Tensor<float> cotangent_;
  std::shared_ptr<SharedValues<float>> shared_ = std::make_shared<SharedValues<float>>();
  tbb::task_arena arena_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::vector<Tensor<float>>> gradients_;  // of each shard's values
};

}  // namespace carousel
