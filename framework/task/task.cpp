#include "task/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "data/data_sets.hpp"
#include "io/files.hpp"
#include "task/entries.hpp"

namespace carousel {
namespace {

// The whole text as a number of type T.
template <class T>
bool read_whole(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end;
}

std::string range_of(const TaskOption& option) {
  return fmt::format("{} to {}", option.least, option.most);
}

template <class T>
OptionValue read_number(const TaskOption& option, const std::string& text, const char* kind) {
  T value{};
  if (!read_whole(text, value) || !(static_cast<double>(value) >= option.least) ||
      !(static_cast<double>(value) <= option.most)) {
    fail_input("{} is '{}', expected {} from {}", option.name, text, kind, range_of(option));
  }
  return value;
}

void expect_choice(const TaskOption& option, const std::string& text) {
  if (option.choices.empty() || std::ranges::count(option.choices, text) > 0) return;
  fail_input("{} is '{}'{}, expected {}", option.name, text, did_you_mean(text, option.choices),
             fmt::join(option.choices, " or "));
}

}  // namespace

TaskOption integer_option(std::string name, std::int64_t otherwise, std::int64_t least,
                          std::int64_t most, std::string doc) {
  return {std::move(name), otherwise, static_cast<double>(least), static_cast<double>(most),
          std::move(doc)};
}

TaskOption number_option(std::string name, double otherwise, double least, double most,
                         std::string doc) {
  return {std::move(name), otherwise, least, most, std::move(doc)};
}

TaskOption text_option(std::string name, std::string otherwise, std::string doc) {
  return {std::move(name), std::move(otherwise), 0.0, 0.0, std::move(doc)};
}

TaskOption choice_option(std::string name, std::string otherwise, std::vector<std::string> choices,
                         std::string doc) {
  TaskOption option = text_option(std::move(name), std::move(otherwise), std::move(doc));
  option.choices = std::move(choices);
  return option;
}

TaskOption data_option(std::string name, std::string otherwise, std::string doc) {
  TaskOption option = text_option(std::move(name), std::move(otherwise), std::move(doc));
  option.is_data = true;
  return option;
}

TaskOptions::TaskOptions(const std::vector<TaskOption>& options) : options_(options) {
  for (const TaskOption& option : options) values_.push_back(option.otherwise);
}

void TaskOptions::set(const std::string& name, const std::string& text) {
  const auto found = std::ranges::find(options_, name, &TaskOption::name);
  if (found == options_.end()) {
    std::vector<std::string> names;
    for (const TaskOption& option : options_) names.push_back(option.name);
    fail_input("there is no option '{}'{} (there are: {})", name, did_you_mean(name, names),
               fmt::join(names, ", "));
  }
  OptionValue& value = values_[static_cast<std::size_t>(found - options_.begin())];
  if (std::holds_alternative<std::int64_t>(value)) {
    value = read_number<std::int64_t>(*found, text, "a whole number");
  } else if (std::holds_alternative<double>(value)) {
    value = read_number<double>(*found, text, "a number");
  } else {
    expect_choice(*found, text);
    value = text;
  }
}

void TaskOptions::resolve_data(const std::filesystem::path& folder) {
  for (std::size_t k = 0; k < options_.size(); ++k) {
    if (!options_[k].is_data || !is_path(std::get<std::string>(values_[k]))) continue;
    std::filesystem::path path = std::get<std::string>(values_[k]);
    if (is_there(folder / path)) path = folder / path;
    values_[k] = std::filesystem::absolute(path).lexically_normal().string();
  }
}

const OptionValue& TaskOptions::value(const std::string& name) const {
  const auto found = std::ranges::find(options_, name, &TaskOption::name);
  if (found == options_.end()) fail_bug("a task reads the option '{}', which it has not", name);
  return values_[static_cast<std::size_t>(found - options_.begin())];
}

std::int64_t TaskOptions::integer(const std::string& name) const {
  return std::get<std::int64_t>(value(name));
}
double TaskOptions::number(const std::string& name) const { return std::get<double>(value(name)); }
const std::string& TaskOptions::text(const std::string& name) const {
  return std::get<std::string>(value(name));
}

std::vector<std::pair<std::string, std::string>> TaskOptions::all() const {
  std::vector<std::pair<std::string, std::string>> texts;
  for (std::size_t k = 0; k < options_.size(); ++k) {
    texts.emplace_back(options_[k].name,
                       std::visit([](const auto& v) { return fmt::format("{}", v); }, values_[k]));
  }
  return texts;
}

const std::vector<Task>& tasks() {
#define CAROUSEL_TASK_ENTRY(NAME) NAME##_task(),
  static const std::vector<Task> all = {CAROUSEL_TASKS(CAROUSEL_TASK_ENTRY)};
#undef CAROUSEL_TASK_ENTRY
  return all;
}

const Task& data_task() { return tasks().front(); }

const Task& find_task(const std::string& name) {
  std::vector<std::string> names;
  for (const Task& task : tasks()) {
    if (task.name == name) return task;
    names.push_back(task.name);
  }
  fail_input("there is no task '{}'{} (there are: {})", name, did_you_mean(name, names),
             fmt::join(names, ", "));
}

}  // namespace carousel
