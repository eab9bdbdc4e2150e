#include "study/results.hpp"

#include <algorithm>

#include "study/planned_trials.hpp"
#include "study/settings.hpp"
#include "tensor/error.hpp"

namespace carousel {

const StudyProblem& StudyResults::problem(const std::string& name) const {
  for (const StudyProblem& one : problems) {
    if (one.name == name) return one;
  }
  fail_bug("the results have no problem '{}'", name);
}

std::string name_at_point(const std::string& name, const std::string& setting) {
  std::string text = name;
  for (const auto& [key, value] : settings_of(setting)) {
    text += ", " + key.substr(key.find('.') + 1) + "=" + value;
  }
  return text;
}

std::vector<std::string> swept_keys(const StudyResults& results) {
  std::vector<std::string> keys;
  for (const TrialRecord& trial : results.trials) {
    for (const auto& [key, value] : settings_of(trial)) {
      const bool has_a_field =
          key == "train.learning_rate" || key == "hidden" || key == "parameters";
      if (!has_a_field && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
  }
  return keys;
}

std::string swept_value(const TrialRecord& trial, const std::string& key) {
  for (const auto& [name, value] : settings_of(trial)) {
    if (name == key) return value;
  }
  return "";
}

}  // namespace carousel
