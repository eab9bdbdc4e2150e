#pragma once

#include <utility>

#include "optim/objective.hpp"
#include "optim/tensor_list.hpp"
#include "train/shards.hpp"

namespace carousel {

/// The mean loss of a batch of a model, with masks, noise and what was handed on held fast: the
/// same function in every call.
template <class T>
class BatchObjective final : public Objective<T> {
 public:
  /// ids: of the batch; mean_over: what the summed loss is divided by; noise: added to the values
  /// of the parameters, empty where there is none. `runner`, ids and pass must outlive it; pass is
  /// after each call as it was before.
  BatchObjective(ShardRunner<T>& runner, Ids ids, Index mean_over, Curvature curvature,
                 const TrainingPass<T>& pass, std::vector<Tensor<T>> noise)
      : runner_(runner),
        ids_(ids),
        mean_over_(mean_over),
        curvature_(curvature),
        pass_(pass),
        noise_(std::move(noise)) {}

  double loss(const std::vector<Tensor<T>>& values) override {
    return runner_.loss(noisy(values), ids_, mean_over_, pass_);
  }
  double loss_and_gradient(const std::vector<Tensor<T>>& values,
                           std::vector<Tensor<T>>& gradient) override {
    Carried<T> carried = pass_.carried ? *pass_.carried : Carried<T>{};
    const TrainingPass<T> pass{pass_.masks, pass_.carried ? &carried : nullptr};
    return runner_.loss_and_gradients(noisy(values), ids_, mean_over_, gradient, pass) /
           static_cast<double>(mean_over_);
  }
  std::vector<Tensor<T>> gradient_squares(const std::vector<Tensor<T>>& values) override {
    return runner_.gradient_squares(noisy(values), ids_, mean_over_, pass_);
  }
  void linearise(const std::vector<Tensor<T>>& values) override {
    runner_.linearise(noisy(values), ids_, mean_over_, pass_);
  }
  std::vector<Tensor<T>> curvature_product(const std::vector<Tensor<T>>& vector) override {
    return runner_.curvature_product(curvature_, vector);
  }

 private:
  std::vector<Tensor<T>> noisy(const std::vector<Tensor<T>>& values) const {
    return noise_.empty() ? values : moved(values, 1.0, noise_);
  }

  ShardRunner<T>& runner_;
  Ids ids_;
  Index mean_over_;
  Curvature curvature_;
  TrainingPass<T> pass_;
  std::vector<Tensor<T>> noise_;
};

}  // namespace carousel
