// One key of a study gets another value: the walk over the list of keys.

#include <yaml-cpp/yaml.h>

#include "study/settings.hpp"
#include "study/study_keys.hpp"

namespace carousel {
namespace {

template <class V>
V number_in(const std::string& key, const std::string& text, const Range& range) {
  V value{};
  if (!YAML::convert<V>::decode(YAML::Node(text), value) ||
      !range.holds(static_cast<double>(value))) {
    fail_input("{} is '{}', expected {}, {}", key, text,
               std::is_integral_v<V> ? "a whole number" : "a number", range.text());
  }
  return value;
}

// Sets the wanted key when the walk comes to it. What is no plain value is passed over.
class Setter {
 public:
  Setter(std::string key, std::string value) : wanted_(std::move(key)), value_(std::move(value)) {}

  template <class V>
  void number(const std::string& key, V& value, const Range& range) {
    if (is_wanted(key)) value = number_in<V>(wanted_, value_, range);
  }
  void flag(const std::string& key, bool& value) {
    if (is_wanted(key) && !YAML::convert<bool>::decode(YAML::Node(value_), value)) {
      fail_input("{} is '{}', expected true or false", wanted_, value_);
    }
  }
  void choice(const std::string& key, std::string& value, const std::vector<std::string>& all) {
    if (!is_wanted(key)) return;
    if (std::ranges::find(all, value_) == all.end()) {
      fail_input("{} is '{}', expected {}{}", wanted_, value_, fmt::join(all, ", "),
                 did_you_mean(value_, all));
    }
    value = value_;
  }
  void numbers(const std::string& key, std::map<std::string, double>& numbers, const Range& range) {
    const std::string prefix = path_ + key + ".";
    known_.push_back(prefix + "NAME");
    if (!wanted_.starts_with(prefix) || wanted_.size() == prefix.size()) return;
    found_ = true;
    numbers[wanted_.substr(prefix.size())] = number_in<double>(wanted_, value_, range);
  }
  template <class Body>
  void group(const std::string& key, Body&& body) {
    if (key == "search") return;
    path_ = key + ".";
    body(*this);
    path_.clear();
  }
  void text(const auto&...) {}
  void tasks(const auto&...) {}
  void seeds(const auto&...) {}
  void records(const auto&...) {}
  void grid(const auto&...) {}
  void points(const auto&...) {}
  void space(const auto&...) {}

  void expect_found() {
    if (found_) return;
    for (const char* of_cell_or_task : {"hidden", "hyper.NAME", "task.OPTION"}) {
      known_.emplace_back(of_cell_or_task);
    }
    fail_input(
        "there is no key '{}'{}; expected one of model or train, parameters, hidden, "
        "hyper.NAME or task.OPTION",
        wanted_, did_you_mean(wanted_, known_));
  }

 private:
  bool is_wanted(const std::string& key) {
    known_.push_back(path_ + key);
    const bool is = known_.back() == wanted_;
    found_ = found_ || is;
    return is;
  }

  std::string wanted_, value_, path_;
  std::vector<std::string> known_;
  bool found_ = false;
};

}  // namespace

void set_key(StudyOptions& options, const std::string& key, const std::string& value) {
  if (key == "hidden") {
    const int hidden = number_in<int>(key, value, Range{1, most_units});
    for (StudyCell& cell : options.cells) cell.hidden = hidden;
  } else if (key.starts_with("hyper.")) {
    const bool is_word = is_hyper_word(value);
    const HyperValue hyper =
        is_word ? HyperValue(value) : number_in<double>(key, value, Range{-most_hyper, most_hyper});
    for (StudyCell& cell : options.cells) cell.hyper[key.substr(6)] = hyper;
  } else if (key.starts_with("task.")) {
    for (StudyTask& task : options.tasks) task.options.set(key.substr(5), value);
  } else {
    Setter setter(key, value);
    visit_fields(options, setter);
    setter.expect_found();
  }
}

StudyOptions with_settings(const StudyOptions& options, const Settings& settings) {
  StudyOptions changed = options;
  for (const auto& [key, value] : settings) set_key(changed, key, value);
  return changed;
}

}  // namespace carousel
