#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "layer/masks.hpp"
#include "train/batches.hpp"
#include "train/tape_pool.hpp"

namespace carousel {

/// What the shards of a batch hand on to those of the next one: values by shard.
template <class T>
using Carried = std::vector<std::vector<Tensor<T>>>;

/// What a training pass has besides parameters and examples.
template <class T>
struct TrainingPass {
  const MaskSeed* masks = nullptr;  ///< null: nothing is dropped
  Carried<T>* carried = nullptr;    ///< null: nothing is handed on; empty: the streams begin
};

/// Which matrix of second derivatives: Tape::gauss_newton_product() or Tape::hessian_product().
enum class Curvature { gauss_newton, hessian };

/// The loss of a shard, by its number: a scalar on the pass's tape.
using ShardLoss = std::function<Var(const Pass& pass, std::size_t shard)>;

/// Losses and gradients of several shards at a time, for any loss: one TBB task and one tape each,
/// whose memory is kept for the next call. Gradients are summed in a fixed tree: the result has the
/// same bits on any number of threads.
///
/// specs: of the parameters; values: theirs, in order; `loss` is called by several threads at a
/// time. Gradients and products are those of `scale` times the sum of the shards' losses, in the
/// order of `specs`, zero for parameters that are not trained. Each function throws InputError
/// where there is no shard, or not a value for each parameter.
template <class T>
class ShardedGradient {
 public:
  /// Returns the sum of the shards' losses, and leaves the gradients.
  double compute(const std::vector<ParameterSpec>& specs, const std::vector<Tensor<T>>& values,
                 std::size_t shards, const ShardLoss& loss, double scale,
                 std::vector<Tensor<T>>& gradients);
  /// The sum of the shards' losses alone.
  double loss(const std::vector<ParameterSpec>& specs, const std::vector<Tensor<T>>& values,
              std::size_t shards, const ShardLoss& loss);
  /// The sum over the shards of the squares of each one's gradient.
  std::vector<Tensor<T>> gradient_squares(const std::vector<ParameterSpec>& specs,
                                          const std::vector<Tensor<T>>& values, std::size_t shards,
                                          const ShardLoss& loss, double scale);
  /// Keeps the losses on the tapes for curvature_product(), until the next call of another
  /// function.
  void linearise(const std::vector<ParameterSpec>& specs, const std::vector<Tensor<T>>& values,
                 std::size_t shards, const ShardLoss& loss, double scale);
  /// Product of a matrix of curvature, where linearise() was called, with a vector, of a tensor for
  /// each parameter. Throws as Tape::gauss_newton_product().
  std::vector<Tensor<T>> curvature_product(Curvature kind, const std::vector<Tensor<T>>& vector);

 private:
  struct Kept {
    std::vector<Var> parameters;
    Var loss;
  };
  void expect_fit(const std::vector<ParameterSpec>& specs, const std::vector<Tensor<T>>& values,
                  std::size_t shards);
  std::vector<std::vector<Tensor<T>>> shares(const std::vector<ParameterSpec>& specs,
                                             const std::vector<Tensor<T>>& values,
                                             std::size_t shards, const ShardLoss& loss,
                                             double scale, std::vector<double>& losses);

  std::shared_ptr<SharedValues<T>> shared_ = std::make_shared<SharedValues<T>>();
  std::vector<std::unique_ptr<Tape<T>>> tapes_;  // one a shard
  std::vector<Kept> kept_;                       // likewise, after linearise()
  std::vector<char> trained_;                    // of each parameter, then
};

/// Runs batches in parallel: cut into shards by cut_into_shards(), one TBB task and one tape each,
/// gradients summed in a fixed tree. The result has the same bits on any number of threads.
template <class T>
class ShardRunner {
 public:
  /// shard: examples in a shard at most. Throws InputError when it is not positive. `model` and
  /// `problem` must outlive it.
  ShardRunner(const Model& model, const Problem& problem, Split split, int shard);

  /// Summed loss of the given examples, and in `gradients` those of loss / `terms`, zero for
  /// parameters that are not trained.
  /// values: the model's parameters, in order.
  double loss_and_gradients(const std::vector<Tensor<T>>& values, Ids ids, Index terms,
                            std::vector<Tensor<T>>& gradients, const TrainingPass<T>& pass = {});

  ///@{
  /// The same for a rule that looks at the loss at several places: see ShardedGradient. `pass` is
  /// as it was before each call. loss: the mean, that of loss / `terms`.
  double loss(const std::vector<Tensor<T>>& values, Ids ids, Index terms,
              const TrainingPass<T>& pass);
  std::vector<Tensor<T>> gradient_squares(const std::vector<Tensor<T>>& values, Ids ids,
                                          Index terms, const TrainingPass<T>& pass);
  void linearise(const std::vector<Tensor<T>>& values, Ids ids, Index terms,
                 const TrainingPass<T>& pass);
  std::vector<Tensor<T>> curvature_product(Curvature kind, const std::vector<Tensor<T>>& vector) {
    return gradient_.curvature_product(kind, vector);
  }
  ///@}

  /// The counts of all examples of the split, those of metrics_of().
  Tally evaluate(const std::vector<Tensor<T>>& values) const;
  /// The counts of these examples alone.
  Tally evaluate(const std::vector<Tensor<T>>& values, const Batch& ids) const;

  /// Runs the examples again with every op checked, and says where the first value that is
  /// not finite came up; empty when all were finite.
  std::string find_non_finite(const std::vector<Tensor<T>>& values, Ids ids,
                              const TrainingPass<T>& pass = {}) const;

 private:
  void evaluate_run(Tape<T>& tape, const std::shared_ptr<const SharedValues<T>>& values,
                    const std::vector<Batch>& run, Tally& tally) const;
  Tally evaluate_runs(const std::vector<Tensor<T>>& values,
                      const std::vector<std::vector<Batch>>& runs) const;
  void count_losses(const Pass& pass, const Batch& batch, Tally& tally) const;
  template <class F>
  auto with_losses(Ids ids, const TrainingPass<T>& pass, F&& f);
  Var loss(const Pass& on, Ids batch, const ShardRange& range, std::size_t number,
           const TrainingPass<T>& pass) const;

  const Model& model_;
  const Problem& problem_;
  Split split_;
  int shard_;
  ShardedGradient<T> gradient_;
  mutable TapePool<T> evaluation_tapes_;
};

/// Bytes that a training step of a model takes beside parameters, gradients and data: values kept
/// for the way back and workspace, for the longest `batch` training examples in shards of at most
/// `shard`, all shards at work at a time. model: made by `recurrence`, must not have run before.
/// Depends on the arguments alone.
template <class T>
std::int64_t training_memory(const Model& model, const Recurrence& recurrence,
                             const Problem& problem, int batch, int shard);

}  // namespace carousel
