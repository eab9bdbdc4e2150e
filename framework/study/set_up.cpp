#include "study/set_up.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "io/digest.hpp"
#include "study/ablated_cells.hpp"

namespace carousel {

StudySetUp::StudySetUp(const StudyOptions& options, CellRegistry& registry,
                       const std::string& data_dir,
                       const std::function<void(const std::string&)>& warn)
    : options_(with_ablated_cells(options, registry)), registry_(registry) {
  resolve_cells(warn);
  for (const StudyTask& task : options.tasks) problems_.push_back(set_up(task, data_dir, warn));
  planned_ = plan_trials(options_, cells_, problems_);
}

StudySetUp::StudySetUp(const StudyOptions& options, CellRegistry& registry,
                       const std::string& data_dir,
                       const std::function<void(const std::string&)>& warn,
                       std::size_t only_problem)
    : options_(with_ablated_cells(options, registry)),
      registry_(registry),
      problems_(options.tasks.size()) {
  resolve_cells(warn);
  problems_.at(only_problem) = set_up(options.tasks[only_problem], data_dir, warn);
}

void StudySetUp::resolve_cells(const std::function<void(const std::string&)>& warn) {
  for (const StudyCell& cell : options_.cells) {
    cells_.push_back(find_or_load(registry_, cell.name));
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

Cell StudySetUp::cell(std::size_t index, const StudyOptions& study) const {
  const StudyCell& changes = study.cells.at(index);
  return changed_cell(cells_.at(index), changes.hyper, changes.variant);
}

const Problem& StudySetUp::problem(std::size_t index) const {
  if (index >= problems_.size() || !problems_[index]) fail_bug("problem {} was not set up", index);
  return *problems_[index];
}

namespace {

void add_losses(StudyProblem& problem, const std::vector<std::string>& losses) {
  const auto named = [&](const std::string& name) {
    return std::ranges::find(problem.metrics, name, &MetricInfo::name);
  };
  const std::string unit = named(problem.loss)->unit;
  for (const std::string& loss : losses) {
    const MetricInfo metric = loss_metric(loss, unit);
    if (named(metric.name) == problem.metrics.end()) problem.metrics.push_back(metric);
  }
}

}  // namespace

// Their equations, and the figures of their own losses, which follow those of each problem.
void StudySetUp::describe_cells(StudyResults& known) const {
  for (std::size_t k = 0; k < planned_.size(); ++k) {
    const PlannedTrial& trial = planned_[k];
    if (trial.problem > 0) break;
    if (k > 0 && planned_[k - 1].cell == trial.cell) continue;
    const StudyOptions at = options_of(options_, trial.record);
    const Cell own = cell(trial.cell, at);
    Recurrence recurrence(own, trial.record.hidden, at.model);
    const auto model = problems_[0]->model(recurrence);
    known.cell_texts.emplace_back(trial.record.name(),
                                  fmt::format("# {}\n# {}\n# {}\n{}", own.title, own.reference,
                                              own.conventions, recurrence.cell_text()));
    for (StudyProblem& problem : known.problems) add_losses(problem, model->losses());
  }
}

StudyResults StudySetUp::known() const {
  StudyResults known;
  known.study = options_.name;
  known.description = options_.description;
  known.study_yaml = to_yaml(options_);
  known.published = options_.published;
  const std::vector<std::string> names = problem_names(options_.tasks, problems_);
  for (std::size_t k = 0; k < problems_.size(); ++k) {
    known.problems.push_back(describe(*problems_[k], names[k], options_.tasks[k].name));
  }
  describe_cells(known);
  return known;
}

Facts StudySetUp::inputs() const {
  Facts facts;
  for (const auto& [name, digest] : registry_.plugins()) {
    facts.emplace_back("plug-in " + name, "SHA-256 " + digest);
  }
  for (const auto& problem : problems_) {
    if (!problem || problem->digest().empty()) continue;
    const auto fact = std::pair("data " + problem->name(), "SHA-256 " + problem->digest());
    if (std::ranges::find(facts, fact) == facts.end()) facts.push_back(fact);
  }
  for (const Cell& cell : registry_.cells()) {
    if (cell.from_file) facts.emplace_back("cell " + cell.name, "SHA-256 " + sha256(cell.text));
  }
  const Facts keys = facts_of_yaml(to_yaml(options_in_run()));
  facts.insert(facts.end(), keys.begin(), keys.end());
  return facts;
}

StudyProblem describe(const Problem& problem, const std::string& name, const std::string& task) {
  StudyProblem result{name, task, problem.description(), {}, "", problem.baselines()};
  for (const Metric& metric : problem.metrics()) result.metrics.push_back(metric);
  result.loss = problem.metrics()[problem.loss_metric()].name;
  return result;
}

}  // namespace carousel
