// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).
#include "optim/rule.hpp"

namespace carousel {

Rule adamw_rule() {
  Rule rule = adam_rule();
  rule.name = "adamw";
  rule.decay = Rule::Decay::by_itself;
  return rule;
}

}  // namespace carousel
