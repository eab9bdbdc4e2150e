#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "optim/rule.hpp"
#include "tape/parameters.hpp"

namespace carousel {

/// Updates parameters in place.
template <class T>
class Optimiser {
 public:
  /// Throws InputError on an unknown rule (with a suggestion) or constants out of range.
  Optimiser(const OptimiserOptions& options, const ParameterSet<T>& parameters);

  /// One update with `rate_share` of the learning rate. gradients: as the parameters. A parameter
  /// that is not trained stays as it is. Throws InputError where their number or shapes do not fit.
  /// objective: of the batch that gave the gradients, for a rule that takes its own steps (lbfgs,
  /// hessian_free), which throws InputError without one; the others do not call it.
  void update(ParameterSet<T>& parameters, const std::vector<Tensor<T>>& gradients,
              double rate_share = 1.0, Objective<T>* objective = nullptr);

  /// How many updates were made, those before a checkpoint among them.
  std::int64_t updates() const { return updates_; }
  /// For who goes on from a checkpoint; the bias correction of adam reads it.
  void set_updates(std::int64_t updates) { updates_ = updates; }
  ///@{
  /// The memory of the rule, zero at first. What is written there is what the next update reads.
  std::vector<OptimiserSlot<T>>& slots() { return slots_; }
  const std::vector<OptimiserSlot<T>>& slots() const { return slots_; }
  std::map<std::string, double>& numbers() { return numbers_; }
  const std::map<std::string, double>& numbers() const { return numbers_; }
  ///@}

 private:
  void update_whole(ParameterSet<T>& parameters, const std::vector<Tensor<T>>& gradients,
                    Objective<T>* objective);
  void expect_fit(const ParameterSet<T>& parameters, const std::vector<Tensor<T>>& gradients) const;

  OptimiserOptions options_;
  const Rule* rule_;
  std::vector<OptimiserSlot<T>> slots_;
  std::map<std::string, double> numbers_;
  std::int64_t updates_ = 0;
};

/// Scales the gradients so that their norm over all parameters is at most `limit`.
/// Returns the norm before.
template <class T>
double clip_by_global_norm(std::vector<Tensor<T>>& gradients, double limit);

/// Puts every element into [-limit, limit].
template <class T>
void clip_by_value(std::vector<Tensor<T>>& gradients, double limit);

/// The parameters with Gaussian noise of the given standard deviation on the input and
/// recurrent matrices (Chung et al. 2014); the others are shared, not copied. The noise depends
/// on (seed, update, name) alone.
template <class T>
std::vector<Tensor<T>> with_weight_noise(const ParameterSet<T>& parameters, double deviation,
                                         std::uint64_t seed, std::int64_t update);

}  // namespace carousel
