#pragma once

#include <memory>
#include <vector>

#include "program/scan.hpp"
#include "train/batches.hpp"
#include "train/tasks.hpp"

namespace carousel {

/// What a scan over a batch runs on. Tensors may be views: their memory must stay as it is until
/// the last gradient was asked for.
template <class T>
struct BatchArguments {
  std::vector<Tensor<T>> parameters;  ///< in the program's order
  /// [T, batch, size] each, x first. An input that is left out, or an empty handle, has its
  /// default, and a length that of the sequence.
  std::vector<Tensor<T>> inputs;
  std::vector<Tensor<T>> states;     ///< [batch, ..] each; none: the cell's own
  ScanOptions options;               ///< lengths: of the whole batch
  bool input_gradients = true;       ///< whether those by x and the further inputs are wanted
  Index shard = 16;                  ///< sequences of a task at most, see cut_into_shards()
  TaskRunner tasks = run_tbb_tasks;  ///< of the shards
};

/// What multiplies the values of a scan in a loss: cotangents. Empty handles are zero.
template <class T>
struct BatchCotangents {
  Tensor<T> outputs;              ///< [T, batch, ..]
  std::vector<Tensor<T>> states;  ///< of the final states; none: all zero
};

/// Gradients by what a scan ran on, in the shapes of the arguments; empty where none was asked for.
template <class T>
struct BatchGradients {
  std::vector<Tensor<T>> parameters;  ///< in the program's order
  std::vector<Tensor<T>> inputs;      ///< of the inputs that were given
  std::vector<Tensor<T>> states;      ///< of the states that were given
};

/// Second derivatives: gradients of the product of first ones with fixed directions.
template <class T>
struct BatchSecond {
  BatchGradients<T> gradients;    ///< by what the scan ran on
  BatchCotangents<T> cotangents;  ///< by what multiplied its values
};

/// A compiled scan over a batch, for callers with arrays and no tape. The batch is cut into shards,
/// each a task with a tape of its own; the result has the same bits on any number of threads. One
/// thread uses it at a time.
template <class T>
class BatchScan {
 public:
  /// What is kept of a run.
  enum class Keep { values, way_back };

  /// Runs forward. Throws InputError when the arguments do not fit the program.
  BatchScan(const Scan& scan, BatchArguments<T> arguments, Keep keep);
  ~BatchScan();
  BatchScan(const BatchScan&) = delete;
  BatchScan& operator=(const BatchScan&) = delete;

  /// [T, batch, ..], zero beyond a sequence's length.
  const Tensor<T>& outputs() const { return outputs_; }
  /// [batch, ..] each, after each sequence's own last step.
  const std::vector<Tensor<T>>& final_states() const { return final_states_; }
  /// As outputs(), in the order of the options.
  const std::vector<Tensor<T>>& probes() const { return probes_; }

  /// Gradients of the sum of values times cotangents; of a scan that was kept for it. Throws
  /// InputError when the shapes do not fit.
  BatchGradients<T> gradients(const BatchCotangents<T>& cotangents);

 private:
  struct Shard;
  Scan scan_;
  BatchArguments<T> arguments_;
  std::vector<ShardRange> ranges_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Tensor<T> outputs_;
  std::vector<Tensor<T>> final_states_, probes_;
};

/// Gradients of the sum of `directions` times what BatchScan::gradients() gives for these
/// cotangents: the way back of the way back, at the speed of a compiled scan (Tape::tangent). Empty
/// directions are zero. Throws InputError when shapes do not fit, or for an op without a tangent
/// rule.
template <class T>
BatchSecond<T> second_gradients(const Scan& scan, const BatchArguments<T>& arguments,
                                const BatchCotangents<T>& cotangents,
                                const BatchGradients<T>& directions);

extern template class BatchScan<float>;
extern template class BatchScan<double>;

}  // namespace carousel
