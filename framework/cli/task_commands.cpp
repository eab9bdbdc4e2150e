#include "cli/task_commands.hpp"

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "task/task.hpp"

namespace carousel {
namespace {

namespace json = boost::json;

json::object option_json(const TaskOption& option) {
  json::object object{{"name", option.name}};
  std::visit([&](const auto& value) { object["default"] = value; }, option.otherwise);
  if (!std::holds_alternative<std::string>(option.otherwise)) {
    object["least"] = option.least;
    object["most"] = option.most;
  }
  object["doc"] = option.doc;
  return object;
}

json::array tasks_json() {
  json::array all;
  for (const Task& task : tasks()) {
    json::array options;
    for (const TaskOption& option : task.options) options.push_back(option_json(option));
    all.push_back(json::object{{"name", task.name},
                               {"title", task.title},
                               {"reference", task.reference},
                               {"options", options}});
  }
  return all;
}

}  // namespace

int tasks_command(bool as_json) {
  if (as_json) {
    std::cout << json::serialize(tasks_json()) << "\n";
    return 0;
  }
  for (const Task& task : tasks()) {
    std::printf("%s  %s\n", task.name.c_str(), task.title.c_str());
    const auto values = TaskOptions(task.options).all();
    for (std::size_t k = 0; k < values.size(); ++k) {
      std::printf("    %-16s %-8s %s\n", values[k].first.c_str(),
                  values[k].second.empty() ? "-" : values[k].second.c_str(),
                  task.options[k].doc.c_str());
    }
  }
  return 0;
}

}  // namespace carousel
