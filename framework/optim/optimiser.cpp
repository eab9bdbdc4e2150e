#include "optim/optimiser.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/normal.hpp"
#include "kernel/reduce.hpp"
#include "optim/tensor_list.hpp"

namespace carousel {
namespace {

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
auto in_precision(const Rule& rule) {
  if constexpr (std::is_same_v<T, float>) return rule.in_float;
  else return rule.in_double;
}

// What weight decay makes of the parameter, or of its gradient. Returns the gradient to go on with.
template <class T>
Tensor<T> decayed(const OptimiserOptions& options, Rule::Decay kind, Tensor<T>& parameter,
                  const Tensor<T>& gradient) {
  if (options.weight_decay == 0.0) return gradient;
  if (kind == Rule::Decay::by_itself) {
    const T share = static_cast<T>(1.0 - options.learning_rate * options.weight_decay);
    for (T& value : parameter.values()) value *= share;
    return gradient;
  }
  const T decay = static_cast<T>(options.weight_decay);
  Tensor<T> sum = gradient.clone();
  for (Index i = 0; i < sum.numel(); ++i) sum.data()[i] += decay * parameter.data()[i];
  return sum;
}

void expect_at_least_one(const char* name, int value) {
  if (value < 1) fail_input("optimiser: got {} = {}, expected 1 or more", name, value);
}

void expect_sound(const OptimiserOptions& options, const Rule& rule) {
  expect_positive("learning_rate", options.learning_rate);
  expect_positive("floor", options.floor);
  expect_positive("epsilon", options.epsilon);
  expect_fraction("momentum", options.momentum);
  expect_fraction("decay", options.decay);
  expect_fraction("beta1", options.beta1);
  expect_fraction("beta2", options.beta2);
  expect_positive("damping", options.damping);
  expect_at_least_one("history", options.history);
  expect_at_least_one("cg_steps", options.cg_steps);
  if (!(options.weight_decay >= 0.0) || !std::isfinite(options.weight_decay)) {
    fail_input("optimiser: got weight_decay = {}, expected 0 or more", options.weight_decay);
  }
  if (rule.takes_objective() && options.weight_decay > 0.0) {
    fail_input("optimiser: got weight_decay = {} with {}, expected 0: it minimises the loss alone",
               options.weight_decay, rule.name);
  }
}

std::vector<std::string> slot_names(const Rule& rule, const OptimiserOptions& options) {
  std::vector<std::string> names = rule.slots;
  for (const std::string& history : rule.histories) {
    for (int k = 0; k < options.history; ++k) names.push_back(fmt::format("{}/{}", history, k));
  }
  return names;
}

}  // namespace

template <class T>
Optimiser<T>::Optimiser(const OptimiserOptions& options, const ParameterSet<T>& parameters)
    : options_(options), rule_(&find_rule(options.rule)) {
  expect_sound(options, *rule_);
  for (const std::string& name : slot_names(*rule_, options)) {
    slots_.push_back({name, zeros_like(parameters.values())});
  }
  for (const std::string& name : rule_->numbers) numbers_[name] = 0.0;
}

template <class T>
void Optimiser<T>::expect_fit(const ParameterSet<T>& parameters,
                              const std::vector<Tensor<T>>& gradients) const {
  if (gradients.size() != parameters.size() || slots_.front().values.size() != parameters.size()) {
    fail_input("optimiser: got {} parameters and {} gradients, expected {} of each",
               parameters.size(), gradients.size(), slots_.front().values.size());
  }
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const Shape& shape = parameters.value(k).shape();
    if (gradients[k].shape() == shape && slots_.front().values[k].shape() == shape) continue;
    fail_input("optimiser: the gradient of {} is {}, the parameter is {}, it was made for {}",
               parameters.spec(k).name, gradients[k].shape().to_string(), shape.to_string(),
               slots_.front().values[k].shape().to_string());
  }
}

template <class T>
void Optimiser<T>::update(ParameterSet<T>& parameters, const std::vector<Tensor<T>>& gradients,
                          double rate_share, Objective<T>* objective) {
  expect_fit(parameters, gradients);
  if (rule_->takes_objective()) {
    update_whole(parameters, gradients, objective);
    return;
  }
  ++updates_;
  OptimiserOptions options = options_;
  options.learning_rate *= rate_share;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    if (!parameters.spec(k).trained) continue;
    Tensor<T>& value = parameters.value(k);
    const Tensor<T> gradient = decayed(options, rule_->decay, value, gradients[k]);
    std::vector<T*> slots;
    for (OptimiserSlot<T>& slot : slots_) slots.push_back(slot.values[k].data());
    in_precision<T> (*rule_)(
        {options, updates_, slots, value.data(), gradient.data(), value.numel()});
  }
}

template <class T>
void Optimiser<T>::update_whole(ParameterSet<T>& parameters,
                                const std::vector<Tensor<T>>& gradients, Objective<T>* objective) {
  if (!objective) {
    fail_input("optimiser: {} looks at the loss at several places, expected an objective",
               rule_->name);
  }
  std::vector<Tensor<T>> values = parameters.snapshot();
  const WholeUpdate<T> update{options_, updates_ + 1, *objective, gradients,
                              slots_,   numbers_,     values};
  if constexpr (std::is_same_v<T, float>) rule_->whole_float(update);
  else rule_->whole_double(update);
  parameters.restore(values);
  ++updates_;
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
