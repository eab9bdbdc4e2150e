#include "study/study_options.hpp"

#include <fmt/core.h>

#include <cmath>
#include <set>

#include "io/files.hpp"
#include "study/study_keys.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

// A trial is a folder, whose name holds the changes of its cell.
constexpr std::size_t longest_changes = 100;
constexpr std::size_t most_trials = 100'000;

void expect(bool holds, const std::string& source, const std::string& message) {
  if (!holds) fail_input("{}: {}", source, message);
}

void check_cells(const StudyOptions& o, const std::string& source) {
  expect(!o.cells.empty(), source, "cells: expected at least one cell");
  std::set<std::string> competitors;
  for (const StudyCell& cell : o.cells) {
    expect(!cell.name.empty(), source, "cells: a cell has no name");
    expect(cell.hidden >= 1 || o.parameters >= 1, source,
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
  expect(o.search.exponent_min <= o.search.exponent_max, source,
         fmt::format("search.exponent_min must not be above search.exponent_max, got {} and {}",
                     o.search.exponent_min, o.search.exponent_max));
  for (const PublishedResult& p : o.published) {
    expect(!p.source.empty() && !p.dataset.empty() && !p.cell.empty(), source,
           "published: expected source, dataset and cell of each figure");
  }
  expect(std::set<std::uint64_t>(o.seeds.begin(), o.seeds.end()).size() == o.seeds.size(), source,
         "seeds: a seed stands there twice");
  const std::size_t trials =
      o.tasks.size() * o.cells.size() * (o.seeds.size() + static_cast<std::size_t>(o.search.draws));
  expect(trials <= most_trials, source,
         fmt::format("tasks, cells, draws and seeds make {} trials, expected at most {}", trials,
                     most_trials));
}

}  // namespace

StudyOptions parse_study(const std::string& yaml, const std::string& source,
                         const std::vector<std::string>& overrides) {
  StudyOptions options = read_keys(yaml, source, overrides);
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

std::vector<double> drawn_rates(const StudyOptions& options) {
  const auto& search = options.search;
  Random random(search.seed, "learning_rate");
  std::vector<double> rates;
  for (int draw = 0; draw < search.draws; ++draw) {
    const double share = random.uniform();
    rates.push_back(
        std::exp(search.exponent_min + share * (search.exponent_max - search.exponent_min)));
  }
  return rates;
}

std::string StudyCell::changes() const {
  std::string text;
  for (const auto& [key, value] : hyper) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  if (!variant.empty()) text += (text.empty() ? "" : " ") + variant;
  return text;
}

}  // namespace carousel
