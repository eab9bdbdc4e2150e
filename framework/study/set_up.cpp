#include "study/set_up.hpp"

#include <fmt/format.h>

#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "io/machine.hpp"

namespace carousel {

StudySetUp::StudySetUp(const StudyOptions& options, CellRegistry& registry,
                       const std::string& data_dir,
                       const std::function<void(const std::string&)>& warn)
    : options_(options), registry_(registry) {
  resolve_cells(warn);
  for (const StudyTask& task : options.tasks) problems_.push_back(set_up(task, data_dir, warn));
  planned_ = plan_trials(options, cells_, problems_);
}

StudySetUp::StudySetUp(const StudyOptions& options, CellRegistry& registry,
                       const std::string& data_dir,
                       const std::function<void(const std::string&)>& warn,
                       std::size_t only_problem)
    : options_(options), registry_(registry), problems_(options.tasks.size()) {
  resolve_cells(warn);
  problems_.at(only_problem) = set_up(options.tasks[only_problem], data_dir, warn);
}

void StudySetUp::resolve_cells(const std::function<void(const std::string&)>& warn) {
  for (const StudyCell& cell : options_.cells) {
    cells_.push_back(changed_cell(find_or_load(registry_, cell.name), cell.hyper, cell.variant));
    for (const std::string& warning : cells_.back().warnings) warn(warning);
  }
}

std::unique_ptr<Problem> StudySetUp::set_up(
    const StudyTask& task, const std::string& data_dir,
    const std::function<void(const std::string&)>& warn) const {
  try {
    return find_task(task.name).set_up(task.options, {data_dir, warn});
  } catch (const InputError& error) {
    fail_input("task {}: {}", task.name, error.what());
  }
}

StudyOptions StudySetUp::options_in_run() const {
  StudyOptions options = options_;
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    if (cells_[k].from_file) options.cells[k].name = "cells/" + cells_[k].name + ".cell";
  }
  return options;
}

const Problem& StudySetUp::problem(std::size_t index) const {
  if (index >= problems_.size() || !problems_[index]) fail_bug("problem {} was not set up", index);
  return *problems_[index];
}

const Problem& StudySetUp::problem_of(const PlannedTrial& trial,
                                      const std::filesystem::path& run) const {
  const Problem& here = problem(trial.problem);
  if (here.name() != trial.record.dataset) {
    fail_input("{}: the run used the data set '{}', but '{}' is here; give --data", run.string(),
               trial.record.dataset, here.name());
  }
  return here;
}

std::vector<std::pair<std::string, std::string>> StudySetUp::cell_texts() const {
  std::vector<std::pair<std::string, std::string>> texts;
  for (std::size_t k = 0; k < planned_.size(); ++k) {
    const PlannedTrial& trial = planned_[k];
    if (trial.problem > 0) break;
    if (k > 0 && planned_[k - 1].cell == trial.cell) continue;
    const Cell& cell = cells_[trial.cell];
    Recurrence recurrence(cell, trial.record.hidden, 1);
    static_cast<void>(problems_[0]->model(recurrence));
    texts.emplace_back(trial.record.name(),
                       fmt::format("# {}\n# {}\n# {}\n{}", cell.title, cell.reference,
                                   cell.conventions, recurrence.cell_text()));
  }
  return texts;
}

StudyResults StudySetUp::results(int threads) const {
  StudyResults results;
  results.study = options_.name;
  results.description = options_.description;
  results.study_yaml = to_yaml(options_);
  results.published = options_.published;
  results.machine = machine_facts(threads);
  if (!registry_.plugins().empty()) {
    results.machine.emplace_back("plug-ins",
                                 fmt::format("{}", fmt::join(registry_.plugins(), ", ")));
  }
  results.cell_texts = cell_texts();
  for (std::size_t k = 0; k < problems_.size(); ++k) {
    results.problems.push_back(describe(*problems_[k], options_.tasks[k].name));
  }
  for (const PlannedTrial& trial : planned_) results.trials.push_back(trial.record);
  return results;
}

StudyProblem describe(const Problem& problem, const std::string& task) {
  StudyProblem result{problem.name(), task, problem.description(), {}, "", problem.baselines()};
  for (const Metric& metric : problem.metrics()) result.metrics.push_back(metric);
  result.loss = problem.metrics()[problem.loss_metric()].name;
  return result;
}

}  // namespace carousel
