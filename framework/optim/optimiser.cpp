#include "optim/optimiser.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/normal.hpp"
#include "kernel/reduce.hpp"

namespace carousel {
namespace {

std::vector<std::string> slot_names(const std::string& rule) {
  if (rule == "sgd") return {"velocity"};
  if (rule == "rmsprop") return {"mean_square", "velocity"};
  if (rule == "adam") return {"mean", "mean_square"};
  fail_input("there is no optimiser '{}'{}; expected sgd, rmsprop or adam", rule,
             did_you_mean(rule, {"sgd", "rmsprop", "adam"}));
}

void expect_fraction(const char* name, double value) {
  if (!(value >= 0.0 && value < 1.0)) {
    fail_input("optimiser: got {} = {}, expected it in [0, 1)", name, value);
  }
}

void expect_positive(const char* name, double value) {
  if (!(value > 0.0) || !std::isfinite(value)) {
    fail_input("optimiser: got {} = {}, expected a positive number", name, value);
  }
}

template <class T>
void sgd(const OptimiserOptions& o, T* p, const T* g, T* velocity, Index n) {
  const T rate = static_cast<T>(o.learning_rate);
  const T momentum = static_cast<T>(o.momentum);
  for (Index i = 0; i < n; ++i) {
    velocity[i] = momentum * velocity[i] + g[i];
    p[i] -= rate * (o.nesterov ? g[i] + momentum * velocity[i] : velocity[i]);
  }
}

template <class T>
void rmsprop(const OptimiserOptions& o, T* p, const T* g, T* mean_square, T* velocity, Index n) {
  const T rate = static_cast<T>(o.learning_rate);
  const T momentum = static_cast<T>(o.momentum);
  const T decay = static_cast<T>(o.decay);
  const T new_share = static_cast<T>(1.0 - o.decay);  // in float 1 - 0.999 is 1e-5 off
  const T floor = static_cast<T>(o.floor);
  for (Index i = 0; i < n; ++i) {
    mean_square[i] = decay * mean_square[i] + new_share * g[i] * g[i];
    const T divisor = std::max(std::sqrt(mean_square[i]), floor);
    velocity[i] = momentum * velocity[i] - rate * g[i] / divisor;
    p[i] += velocity[i];
  }
}

template <class T>
void adam(const OptimiserOptions& o, std::int64_t update, T* p, const T* g, T* mean, T* mean_square,
          Index n) {
  const double t = static_cast<double>(update);
  const T rate = static_cast<T>(o.learning_rate / (1.0 - std::pow(o.beta1, t)));
  const T square_scale = static_cast<T>(1.0 / (1.0 - std::pow(o.beta2, t)));
  const T beta1 = static_cast<T>(o.beta1);
  const T beta2 = static_cast<T>(o.beta2);
  const T share1 = static_cast<T>(1.0 - o.beta1);
  const T share2 = static_cast<T>(1.0 - o.beta2);
  const T epsilon = static_cast<T>(o.epsilon);
  for (Index i = 0; i < n; ++i) {
    mean[i] = beta1 * mean[i] + share1 * g[i];
    mean_square[i] = beta2 * mean_square[i] + share2 * g[i] * g[i];
    p[i] -= rate * mean[i] / (std::sqrt(mean_square[i] * square_scale) + epsilon);
  }
}

}  // namespace

template <class T>
Optimiser<T>::Optimiser(const OptimiserOptions& options, const ParameterSet<T>& parameters)
    : options_(options) {
  for (const std::string& name : slot_names(options.rule)) {
    OptimiserSlot<T> slot{name, {}};
    for (const auto& value : parameters.values()) {
      slot.values.push_back(Tensor<T>::zeros(value.shape()));
    }
    slots_.push_back(std::move(slot));
  }
  expect_positive("learning_rate", options.learning_rate);
  expect_positive("floor", options.floor);
  expect_positive("epsilon", options.epsilon);
  expect_fraction("momentum", options.momentum);
  expect_fraction("decay", options.decay);
  expect_fraction("beta1", options.beta1);
  expect_fraction("beta2", options.beta2);
}

template <class T>
void Optimiser<T>::update(ParameterSet<T>& parameters, const std::vector<Tensor<T>>& gradients,
                          double rate_share) {
  ++updates_;
  OptimiserOptions options = options_;
  options.learning_rate *= rate_share;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    if (!parameters.spec(k).trained) continue;
    T* p = parameters.value(k).data();
    const T* g = gradients.at(k).data();
    const Index n = parameters.value(k).numel();
    T* first = slots_[0].values[k].data();
    if (options.rule == "sgd") {
      sgd(options, p, g, first, n);
    } else if (options.rule == "rmsprop") {
      rmsprop(options, p, g, first, slots_[1].values[k].data(), n);
    } else {
      adam(options, updates_, p, g, first, slots_[1].values[k].data(), n);
    }
  }
}

template <class T>
double clip_by_global_norm(std::vector<Tensor<T>>& gradients, double limit) {
  double square = 0.0;
  for (const auto& g : gradients) square += sum_of_squares(g.data(), g.numel());
  const double norm = std::sqrt(square);
  if (norm > limit) {
    const T scale = static_cast<T>(limit / norm);
    for (auto& g : gradients) {
      for (T& value : g.values()) value *= scale;
    }
  }
  return norm;
}

template <class T>
void clip_by_value(std::vector<Tensor<T>>& gradients, double limit) {
  const T bound = static_cast<T>(limit);
  for (auto& g : gradients) {
    for (T& value : g.values()) value = std::clamp(value, -bound, bound);
  }
}

template <class T>
std::vector<Tensor<T>> with_weight_noise(const ParameterSet<T>& parameters, double deviation,
                                         std::uint64_t seed, std::int64_t update) {
  std::vector<Tensor<T>> values = parameters.values();
  for (std::size_t k = 0; k < values.size() && deviation > 0.0; ++k) {
    const ParameterSpec& spec = parameters.spec(k);
    if (!spec.recurrent_weight) continue;
    const Random random(seed,
                        Random::hash("noise/" + spec.name, static_cast<std::uint64_t>(update)));
    Tensor<T> noisy = Tensor<T>::uninitialised(values[k].shape());
    fill_normal(random, noisy.data(), noisy.numel());
    for (Index i = 0; i < noisy.numel(); ++i) {
      noisy.data()[i] = values[k].data()[i] + static_cast<T>(deviation) * noisy.data()[i];
    }
    values[k] = noisy;
  }
  return values;
}

#define CAROUSEL_INSTANTIATE(T)                                                                    \
  template class Optimiser<T>;                                                                     \
  template double clip_by_global_norm(std::vector<Tensor<T>>&, double);                            \
  template void clip_by_value(std::vector<Tensor<T>>&, double);                                    \
  template std::vector<Tensor<T>> with_weight_noise(const ParameterSet<T>&, double, std::uint64_t, \
                                                    std::int64_t);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)

}  // namespace carousel
