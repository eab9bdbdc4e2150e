#include "train/batch_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace carousel {
namespace {

template <class To, class From>
std::vector<Tensor<To>> converted(const std::vector<Tensor<From>>& values) {
  std::vector<Tensor<To>> result;
  for (const Tensor<From>& value : values) {
    result.push_back(Tensor<To>::uninitialised(value.shape()));
    std::transform(value.values().begin(), value.values().end(), result.back().data(),
                   [](From v) { return static_cast<To>(v); });
  }
  return result;
}

// Returns the norm before it was limited.
template <class T>
double clip(std::vector<Tensor<T>>& gradients, double value_limit, double norm_limit) {
  if (value_limit > 0.0) clip_by_value(gradients, value_limit);
  return clip_by_global_norm(
      gradients, norm_limit > 0.0 ? norm_limit : std::numeric_limits<double>::infinity());
}

}  // namespace

template <class T>
BatchGradient<T>::BatchGradient(const NextFrameModel& model, const SequenceSplit& split,
                                const Options& options)
    : model_(model), split_(split), options_(options), runner_(model, split, options.shard) {}

template <class T>
Index BatchGradient<T>::terms(const std::vector<int>& sequences) const {
  return options_.loss == "step" ? scored_steps(split_, sequences) : std::ssize(sequences);
}

template <class T>
typename BatchGradient<T>::Result BatchGradient<T>::compute(const std::vector<Tensor<T>>& values,
                                                            const std::vector<int>& sequences) {
  Result result;
  result.steps = scored_steps(split_, sequences);
  result.loss = runner_.loss_and_gradients(values, sequences, terms(sequences), gradients_);
  result.norm = clip(gradients_, options_.clip_value, options_.clip_norm);
  const bool clipped = options_.clip_value > 0.0 || options_.clip_norm > 0.0;
  if (std::is_same_v<T, float> && clipped && std::isfinite(result.loss) &&
      !std::isfinite(result.norm)) {
    result.norm = compute_in_double(values, sequences);
    result.overflow = true;
  }
  return result;
}

template <class T>
double BatchGradient<T>::compute_in_double(const std::vector<Tensor<T>>& values,
                                           const std::vector<int>& sequences) {
  if (!in_double_) {
    in_double_ = std::make_unique<ShardRunner<double>>(model_, split_, options_.shard);
  }
  std::vector<Tensor<double>> gradients;
  in_double_->loss_and_gradients(converted<double>(values), sequences, terms(sequences), gradients);
  const double norm = clip(gradients, options_.clip_value, options_.clip_norm);
  gradients_ = converted<T>(gradients);
  return norm;
}

template class BatchGradient<float>;
template class BatchGradient<double>;

}  // namespace carousel
