#include "train/batch_gradient.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "tensor/convert.hpp"

namespace carousel {
namespace {

// Returns the norm before it was limited.
template <class T>
double clip(std::vector<Tensor<T>>& gradients, double value_limit, double norm_limit) {
  if (value_limit > 0.0) clip_by_value(gradients, value_limit);
  return clip_by_global_norm(
      gradients, norm_limit > 0.0 ? norm_limit : std::numeric_limits<double>::infinity());
}

}  // namespace

template <class T>
BatchGradient<T>::BatchGradient(const Model& model, const Problem& problem,
                                const TrainOptions& options)
    : model_(model),
      problem_(problem),
      options_(options),
      runner_(model, problem, Split::train, options.shard) {
  if (find_rule(options.optimiser.rule).takes_objective()) {
    options_.clip_norm = options_.clip_value = 0.0;
  }
}

template <class T>
std::unique_ptr<Objective<T>> BatchGradient<T>::objective(Ids ids, const TrainingPass<T>& pass,
                                                          std::vector<Tensor<T>> noise) {
  const bool hessian = options_.optimiser.curvature == "hessian";
  return std::make_unique<BatchObjective<T>>(runner_, ids, mean_over(ids),
                                             hessian ? Curvature::hessian : Curvature::gauss_newton,
                                             pass, std::move(noise));
}

// What the loss is divided by.
template <class T>
Index BatchGradient<T>::mean_over(Ids ids) const {
  return options_.loss == "step" ? terms_of(problem_, Split::train, ids) : std::ssize(ids);
}

template <class T>
typename BatchGradient<T>::Result BatchGradient<T>::compute(const std::vector<Tensor<T>>& values,
                                                            Ids ids, const TrainingPass<T>& pass) {
  Result result;
  const Carried<T> handed_on = pass.carried ? *pass.carried : Carried<T>{};
  result.terms = terms_of(problem_, Split::train, ids);
  result.loss = runner_.loss_and_gradients(values, ids, mean_over(ids), gradients_, pass);
  result.norm = clip(gradients_, options_.clip_value, options_.clip_norm);
  const bool clipped = options_.clip_value > 0.0 || options_.clip_norm > 0.0;
  if (std::is_same_v<T, float> && clipped && std::isfinite(result.loss) &&
      !std::isfinite(result.norm)) {
    Carried<double> in_double;
    for (const auto& values_of_shard : handed_on) {
      in_double.push_back(converted<double>(values_of_shard));
    }
    result.norm = compute_in_double(values, ids, pass.masks, std::move(in_double));
    result.overflow = true;
  }
  return result;
}

template <class T>
double BatchGradient<T>::compute_in_double(const std::vector<Tensor<T>>& values, Ids ids,
                                           const MaskSeed* masks, Carried<double> carried) {
  if (!in_double_) {
    in_double_ =
        std::make_unique<ShardRunner<double>>(model_, problem_, Split::train, options_.shard);
  }
  std::vector<Tensor<double>> gradients;
  in_double_->loss_and_gradients(converted<double>(values), ids, mean_over(ids), gradients,
                                 {masks, &carried});
  const double norm = clip(gradients, options_.clip_value, options_.clip_norm);
  gradients_ = converted<T>(gradients);
  return norm;
}

template class BatchGradient<float>;
template class BatchGradient<double>;

}  // namespace carousel
