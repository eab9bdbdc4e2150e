#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "task/problem.hpp"

namespace carousel {

/// The value of a task's option.
using OptionValue = std::variant<std::int64_t, double, std::string>;

/// An option of a task, as it stands in a study's YAML. Its kind is that of its default.
struct TaskOption {
  std::string name;                       ///< "lag"
  OptionValue otherwise;                  ///< the default
  double least = 0.0;                     ///< of numbers
  double most = 0.0;                      ///< of numbers; both ends are allowed
  std::string doc;                        ///< a line for lists
  std::vector<std::string> choices = {};  ///< of a text; empty: any
  bool is_data = false;                   ///< a data set, by its name or path
};

/// A whole number in [least, most], which is `otherwise` where a study does not say.
TaskOption integer_option(std::string name, std::int64_t otherwise, std::int64_t least,
                          std::int64_t most, std::string doc);
/// A number in [least, most].
TaskOption number_option(std::string name, double otherwise, double least, double most,
                         std::string doc);
/// Any text.
TaskOption text_option(std::string name, std::string otherwise, std::string doc);
/// A text that is one of `choices`.
TaskOption choice_option(std::string name, std::string otherwise, std::vector<std::string> choices,
                         std::string doc);
/// A data set, by its name or by the path of somebody's own (data/data_sets.hpp). A study takes the
/// path from its own folder where there is such a file.
TaskOption data_option(std::string name, std::string otherwise, std::string doc);

/// The options of a task with their values: all of its table entry, and no others.
class TaskOptions {
 public:
  TaskOptions() = default;
  /// All at their defaults.
  explicit TaskOptions(const std::vector<TaskOption>& options);

  /// Sets an option from text. Throws InputError that says what was expected, or which options
  /// there are.
  void set(const std::string& name, const std::string& text);
  /// Makes paths of data whole: taken from `folder` where there is such a file, else from the
  /// current folder.
  void resolve_data(const std::filesystem::path& folder);
  ///@{
  /// The value of an option of that kind. Throws BugError where the task has none of that name.
  std::int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  ///@}
  /// Every option with its value as text that reads back to it, in the order of the table.
  std::vector<std::pair<std::string, std::string>> all() const;

 private:
  const OptionValue& value(const std::string& name) const;

  std::vector<TaskOption> options_;
  std::vector<OptionValue> values_;
};

/// Where a task finds data, and who hears of it.
struct DataSource {
  std::string folder;  ///< --data; else $CAROUSEL_DATA, else data/
  /// Hears of what is odd in the data and no error, such as a set that stands in.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

/// A task: what is fixed when cells are compared. One entry of the table below, in one file.
struct Task {
  std::string name;                 ///< "next_frame"
  std::string title;                ///< a line
  std::string reference;            ///< the paper that the task or its success criterion is from
  std::vector<TaskOption> options;  ///< in the order of lists
  /// Reads the data, and checks the options against each other. Throws InputError.
  std::unique_ptr<Problem> (*set_up)(const TaskOptions& options, const DataSource& data);
};

/// Every task, in the order of lists for people.
const std::vector<Task>& tasks();

/// The task that `dataset: NAME` stands for: its option `data` takes the name.
const Task& data_task();

/// The task of that name. Throws InputError with a suggestion when there is none.
const Task& find_task(const std::string& name);

}  // namespace carousel
