#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "optim/objective.hpp"
#include "optim/optimiser_options.hpp"
#include "tensor/shape.hpp"

namespace carousel {

/// One update of one parameter: n values p with their gradient g.
template <class T>
struct RuleUpdate {
  const OptimiserOptions& options;  ///< learning_rate: that of this update
  std::int64_t number;              ///< of the update, from 1
  std::span<T* const> slots;  ///< the rule's memory of this parameter, in the order of its names
  T* p;                       ///< values, changed in place
  const T* g;                 ///< gradient
  Index n;                    ///< number of elements
};

/// The memory of an optimiser, for checkpoints: named tensors beside each parameter.
template <class T>
struct OptimiserSlot {
  std::string name;               ///< "velocity"
  std::vector<Tensor<T>> values;  ///< of each parameter, in its shape
};

/// One update of all parameters at once. The rule writes values, slots and numbers after its last
/// call of the objective: one that is interrupted has changed nothing.
template <class T>
struct WholeUpdate {
  const OptimiserOptions& options;         ///< constants
  std::int64_t number;                     ///< of the update, from 1
  Objective<T>& objective;                 ///< of the batch
  const std::vector<Tensor<T>>& gradient;  ///< at `values`, not clipped
  std::span<OptimiserSlot<T>> slots;       ///< the rule's memory, in the order of its names
  std::map<std::string, double>& numbers;  ///< the same, of single numbers
  std::vector<Tensor<T>>& values;          ///< of the parameters
};

/// A rule that updates parameters. One entry of the table below, in one file.
struct Rule {
  /// How weight_decay acts: as a part of the gradient, g + decay p, or by itself, p - rate decay p
  /// (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).
  enum class Decay { in_gradient, by_itself };

  std::string name;  ///< "adam", as OptimiserOptions::rule
  /// Names of its memory: a tensor each for every parameter, zero at first.
  std::vector<std::string> slots;
  void (*in_float)(const RuleUpdate<float>&) = nullptr;    ///< one update in float
  void (*in_double)(const RuleUpdate<double>&) = nullptr;  ///< the same in double
  Decay decay = Decay::in_gradient;                        ///< how weight_decay acts with it
  ///@{
  /// In the place of in_float and in_double: of all parameters at once, with an objective.
  void (*whole_float)(const WholeUpdate<float>&) = nullptr;
  void (*whole_double)(const WholeUpdate<double>&) = nullptr;
  ///@}
  std::vector<std::string> numbers = {};  ///< names of numbers that it keeps, 0 at first
  /// Names of further memory, behind the slots, that it has once for each of
  /// OptimiserOptions::history updates: NAME/0 and so on.
  std::vector<std::string> histories = {};

  /// Whether it takes its own steps along an objective.
  bool takes_objective() const { return whole_float != nullptr; }
};

/// Every rule, in the order of lists for people: NAME is the entry that NAME_rule() makes, in
/// NAME.cpp.
#define CAROUSEL_RULES(ENTRY) \
  ENTRY(adam) ENTRY(adamw) ENTRY(hessian_free) ENTRY(lbfgs) ENTRY(rmsprop) ENTRY(sgd)

#define CAROUSEL_DECLARE_RULE(NAME) Rule NAME##_rule();
CAROUSEL_RULES(CAROUSEL_DECLARE_RULE)
#undef CAROUSEL_DECLARE_RULE

/// All of them, in the order above.
const std::vector<Rule>& rules();
/// Their names, in the same order, for messages.
std::vector<std::string> rule_names();
/// Throws InputError with a suggestion when there is no rule of that name.
const Rule& find_rule(const std::string& name);

}  // namespace carousel
