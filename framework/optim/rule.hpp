#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

/// A rule that updates parameters. One entry of the table below, in one file.
struct Rule {
  /// How weight_decay acts: as a part of the gradient, g + decay p, or by itself, p - rate decay p
  /// (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).
  enum class Decay { in_gradient, by_itself };

  std::string name;  ///< "adam", as OptimiserOptions::rule
  /// Names of its memory: a tensor each for every parameter, zero at first.
  std::vector<std::string> slots;
  void (*in_float)(const RuleUpdate<float>&);    ///< one update in float
  void (*in_double)(const RuleUpdate<double>&);  ///< the same in double
  Decay decay = Decay::in_gradient;              ///< how weight_decay acts with it
};

/// Every rule, in the order of lists for people: NAME is the entry that NAME_rule() makes, in
/// NAME.cpp.
#define CAROUSEL_RULES(ENTRY) ENTRY(adam) ENTRY(adamw) ENTRY(rmsprop) ENTRY(sgd)

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
