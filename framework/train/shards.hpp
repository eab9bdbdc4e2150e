#pragma once

#include <memory>
#include <vector>

#include "train/model.hpp"

namespace carousel {

/// NLL in nats per scored step, by the two averages that papers use.
struct MeanNll {
  double by_step = 0.0;      // of all scored steps of a split together
  double by_sequence = 0.0;  // the mean of the sequences' own means
};

/// Runs batches in parallel: cut into shards of a fixed number of sequences, one TBB task and
/// one tape each, gradients summed in a fixed tree. The result has the same bits on any number
/// of threads.
template <class T>
class ShardRunner {
 public:
  /// shard: sequences in a shard. Throws InputError when it is not positive.
  ShardRunner(const NextFrameModel& model, const SequenceSplit& split, int shard);

  /// Summed NLL of the given sequences (nats), and in `gradients` those of NLL / `terms`, zero for
  /// parameters that are not trained.
  /// values: the model's parameters, in order.
  double loss_and_gradients(const std::vector<Tensor<T>>& values, const std::vector<int>& sequences,
                            Index terms, std::vector<Tensor<T>>& gradients);

  /// NLL of all sequences of the split.
  MeanNll mean_nll(const std::vector<Tensor<T>>& values);

  /// Runs the sequences again with every op checked, and says where the first value that is
  /// not finite came up; empty when all were finite.
  std::string find_non_finite(const std::vector<Tensor<T>>& values,
                              const std::vector<int>& sequences);

 private:
  std::vector<std::vector<int>> cut(const std::vector<int>& sequences) const;

  const NextFrameModel& model_;
  const SequenceSplit& split_;
  int shard_;
  std::vector<std::unique_ptr<Tape<T>>> tapes_;  // one a shard, their memory reused
};

/// Bytes that a training step of the model takes beside parameters, gradients and data: values kept
/// for the way back and workspace, for the longest `batch` sequences of the split in shards of
/// `shard`, all shards at work at a time. `model` must not have run before. Depends on the
/// arguments alone.
template <class T>
std::int64_t training_memory(const NextFrameModel& model, const SequenceSplit& split, int batch,
                             int shard);

/// Scored steps of the given sequences: their frames but the first ones.
Index scored_steps(const SequenceSplit& split, const std::vector<int>& sequences);

}  // namespace carousel
