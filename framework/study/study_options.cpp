#include "study/study_options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "io/csv.hpp"
#include "io/files.hpp"
#include "study/study_keys.hpp"

namespace carousel {
namespace {

// A trial is a folder, whose name holds the changes of its cell.
constexpr std::size_t longest_changes = 100;
constexpr double most_trials = 100'000;

void expect(bool holds, const std::string& source, const std::string& message) {
  if (!holds) fail_input("{}: {}", source, message);
}

bool in_points(const StudyOptions& o, const std::string& key) {
  return !o.points.empty() &&
         std::ranges::any_of(o.points.front(), [&](const auto& one) { return one.first == key; });
}

// Whether a grid or the search gives a key to every trial.
bool sets(const StudyOptions& o, const std::string& key) {
  return std::ranges::count(o.grid, key, &GridKey::key) > 0 || in_points(o, key) ||
         std::ranges::count(o.search.drawn(), key, &Distribution::key) > 0;
}

void check_search(const StudyOptions& o, const std::string& source) {
  const auto& search = o.search;
  expect(search.exponent_min <= search.exponent_max, source,
         fmt::format("search.exponent_min must not be above search.exponent_max, got {} and {}",
                     search.exponent_min, search.exponent_max));
  expect(search.draws > 0 || (search.space.empty() && search.halving.first == 0), source,
         "search: space and halving need search.draws, 1 or more");
  expect(search.halving.first == 0 || !sets(o, "train.epochs"), source,
         "search.halving compares draws at the same epochs; leave train.epochs out of grid and "
         "search.space");
  for (const Distribution& one : search.space) {
    expect(
        std::ranges::count(o.grid, one.key, &GridKey::key) == 0 && !in_points(o, one.key), source,
        fmt::format("'{}' is set by a grid or points and by search.space; leave one out", one.key));
  }
  for (const GridKey& one : o.grid) {
    expect(!in_points(o, one.key), source,
           fmt::format("'{}' stands in grid and in points; leave one out", one.key));
  }
}

void check_cells(const StudyOptions& o, const std::string& source) {
  expect(!o.cells.empty(), source, "cells: expected at least one cell");
  std::set<std::string> competitors;
  for (const StudyCell& cell : o.cells) {
    expect(!cell.name.empty(), source, "cells: a cell has no name");
    expect(cell.hidden >= 1 || o.parameters >= 1 || sets(o, "hidden") || sets(o, "parameters"),
           source,
           "cells: each cell needs 'hidden', 1 or more, unless the study gives 'parameters', the "
           "number of parameters that every cell should have");
    const std::string changes = cell.changes();
    expect(changes.size() <= longest_changes, source,
           fmt::format("cells: the changes of {}, '{}', have {} bytes, expected at most {}: put "
                       "them into a cell file of their own (extends)",
                       cell.name, changes, changes.size(), longest_changes));
    expect(competitors.insert(fmt::format("{}:{}:{}", cell.name, cell.hidden, changes)).second,
           source, "cells: the same cell with the same hidden size stands there twice");
  }
}

// What concerns several keys; each by itself is checked when it is read.
void check(const StudyOptions& o, const std::string& source) {
  check_cells(o, source);
  expect(!o.seeds.empty(), source, "seeds: expected at least one seed");
  expect(!o.tasks.empty(), source,
         "task: expected a task, which 'carousel tasks' lists, or dataset: a data set, such as "
         "jsb_chorales");
  check_search(o, source);
  for (const PublishedResult& p : o.published) {
    expect(!p.source.empty() && !p.dataset.empty() && !p.cell.empty(), source,
           "published: expected source, dataset and cell of each figure");
  }
  expect(std::set<std::uint64_t>(o.seeds.begin(), o.seeds.end()).size() == o.seeds.size(), source,
         "seeds: a seed stands there twice");
  double trials = static_cast<double>(o.tasks.size() * o.cells.size()) *
                  static_cast<double>(o.seeds.size() + static_cast<std::size_t>(o.search.draws));
  for (const GridKey& key : o.grid) trials *= static_cast<double>(key.values.size());
  trials *= static_cast<double>(std::max<std::size_t>(o.points.size(), 1));
  expect(trials <= most_trials, source,
         fmt::format("tasks, cells, grid, draws and seeds make {:.0f} trials, expected at most {}",
                     trials, most_trials));
}

// A grid over options of tasks makes further tasks: figures of different ones are not compared.
void expand_tasks(StudyOptions& o) {
  std::vector<GridKey> of_tasks;
  std::erase_if(o.grid, [&](const GridKey& key) {
    const bool is = key.key.starts_with("task.");
    if (is) of_tasks.push_back(key);
    return is;
  });
  std::vector<StudyTask> expanded;
  for (const StudyTask& task : o.tasks) {
    for (const Settings& point : combinations(of_tasks)) {
      expanded.push_back(task);
      for (const auto& [key, value] : point) {
        expanded.back().options.set(key.substr(std::string_view("task.").size()), value);
      }
    }
  }
  o.tasks = std::move(expanded);
}

}  // namespace

StudyOptions parse_study(const std::string& yaml, const std::string& source,
                         const std::vector<std::string>& overrides) {
  return checked(read_keys(yaml, source, overrides), source);
}

StudyOptions checked(StudyOptions options, const std::string& source) {
  expand_tasks(options);
  check(options, source);
  return options;
}

StudyOptions read_study(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides) {
  StudyOptions options = parse_study(read_text(file), file.string(), overrides);
  for (StudyCell& cell : options.cells) {
    const std::filesystem::path beside = file.parent_path() / cell.name;
    if (cell.name.ends_with(".cell") && is_there(beside)) cell.name = beside;
  }
  for (StudyTask& task : options.tasks) task.options.resolve_data(file.parent_path());
  return options;
}

std::vector<Distribution> SearchOptions::drawn() const {
  if (draws == 0) return {};
  if (!space.empty()) return space;
  return {{"train.learning_rate",
           "exponent",
           {fmt::format("{}", exponent_min), fmt::format("{}", exponent_max)}}};
}

std::vector<Settings> points_of(const StudyOptions& options) {
  if (options.points.empty()) return combinations(options.grid);
  std::vector<Settings> all;
  for (const Settings& point : options.points) {
    for (const Settings& more : combinations(options.grid)) {
      all.push_back(point);
      all.back().insert(all.back().end(), more.begin(), more.end());
    }
  }
  return all;
}

std::string points_override(const std::filesystem::path& csv) {
  const auto lines = csv_fields(read_text(csv), csv.string());
  if (lines.size() < 2) fail_input("{}: got no line of values, expected one a point", csv.string());
  const std::vector<std::string>& keys = lines[0];
  std::string text;
  for (std::size_t line = 1; line < lines.size(); ++line) {
    if (lines[line].size() != keys.size()) {
      fail_input("{}:{}: got {} values, expected {}, as many as there are keys in line 1",
                 csv.string(), line + 1, lines[line].size(), keys.size());
    }
    std::string point;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      point += fmt::format("{}\"{}\": \"{}\"", k > 0 ? ", " : "", keys[k], lines[line][k]);
    }
    text += (text.empty() ? "{" : ", {") + point + "}";
  }
  return "points=[" + text + "]";
}

std::vector<Settings> draws_of(const StudyOptions& options) {
  std::vector<Settings> draws(static_cast<std::size_t>(options.search.draws));
  for (const Distribution& one : options.search.drawn()) {
    const auto values = drawn_values(one, options.search.seed, options.search.draws);
    for (std::size_t k = 0; k < draws.size(); ++k) draws[k].emplace_back(one.key, values[k]);
  }
  return draws;
}

std::string StudyCell::changes() const {
  std::string text;
  for (const auto& [key, value] : hyper) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, hyper_text(value));
  }
  if (!variant.empty()) text += (text.empty() ? "" : " ") + variant;
  return text;
}

}  // namespace carousel
