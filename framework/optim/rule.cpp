#include "optim/rule.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tensor/error.hpp"

namespace carousel {

const std::vector<Rule>& rules() {
#define CAROUSEL_RULE_ENTRY(NAME) NAME##_rule(),
  static const std::vector<Rule> all = {CAROUSEL_RULES(CAROUSEL_RULE_ENTRY)};
#undef CAROUSEL_RULE_ENTRY
  return all;
}

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const Rule& rule : rules()) names.push_back(rule.name);
  return names;
}

const Rule& find_rule(const std::string& name) {
  for (const Rule& rule : rules()) {
    if (rule.name == name) return rule;
  }
  fail_input("there is no optimiser '{}'{}; expected {}", name, did_you_mean(name, rule_names()),
             fmt::join(rule_names(), ", "));
}

}  // namespace carousel
