#include "study/planned_trials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cell/changed_cell.hpp"
#include "study/hidden_size.hpp"

namespace carousel {
namespace {

// A name that is fit for a folder and for a shell.
std::string id_of(const std::string& text) {
  std::string id = text;
  for (char& c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && std::string("._+=-").find(c) == std::string::npos) c = '_';
  }
  return id;
}

// What a cell is, whatever it is called: its program without the name, and what its parameters
// start from.
std::string resolved(const Cell& cell, const Problem& problem, int hidden,
                     const ModelOptions& options) {
  Recurrence recurrence(cell, hidden, options);
  const auto model = problem.model(recurrence);
  recurrence.expect_options_taken();
  std::string text = recurrence.cell_text();
  text.erase(0, text.find('\n'));
  for (const ParameterSpec& spec : model->parameters()) text += spec.init.to_string() + "\n";
  return text;
}

bool decides_the_size(const std::string& key) {
  return key == "hidden" || key == "parameters" || key.starts_with("hyper.") ||
         key.starts_with("model.");
}

class Planner {
 public:
  Planner(const StudyOptions& options, const std::vector<Cell>& cells,
          const std::vector<std::unique_ptr<Problem>>& problems)
      : options_(options),
        cells_(cells),
        problems_(problems),
        names_(problem_names(options.tasks, problems)),
        points_(points_of(options)),
        draws_(draws_of(options)) {
    for (const Distribution& one : options.search.drawn()) {
      hidden_is_drawn_ = hidden_is_drawn_ || one.key == "hidden";
      size_is_drawn_ = size_is_drawn_ || decides_the_size(one.key);
    }
  }

  std::vector<PlannedTrial> all() {
    std::set<std::string> names;
    for (std::size_t p = 0; p < problems_.size(); ++p) {
      if (!names.insert(names_[p]).second) {
        fail_input("task: '{}' stands there twice; leave one out", names_[p]);
      }
      for (std::size_t g = 0; g < points_.size(); ++g) {
        const StudyOptions at = with_settings(options_, points_[g]);
        std::map<std::pair<int, std::string>, std::size_t> seen;
        for (std::size_t c = 0; c < cells_.size(); ++c) expect_new(seen, p, c, at);
      }
      for (std::size_t c = 0; c < cells_.size(); ++c) {
        for (std::size_t g = 0; g < points_.size(); ++g) add_case(p, c, g);
      }
    }
    return std::move(all_);
  }

 private:
  // The hidden size that a cell has in a study.
  int hidden(std::size_t p, std::size_t c, const StudyOptions& at) const {
    const StudyCell& cell = at.cells[c];
    const Problem& problem = *problems_[p];
    const auto solved = [&](const std::string& variant, std::int64_t parameters) {
      return hidden_for_parameters(changed_cell(cells_[c], cell.hyper, variant), problem, at.model,
                                   parameters);
    };
    const int given = cell.hidden > 0 ? cell.hidden : solved(cell.variant, at.parameters);
    if (!cell.refit || cell.hidden == 0) return given;
    const Cell intact = changed_cell(cells_[c], cell.hyper, "");
    Recurrence recurrence(intact, given, at.model);
    static_cast<void>(problem.model(recurrence));
    return solved(cell.variant, recurrence.parameter_count());
  }

  void expect_new(std::map<std::pair<int, std::string>, std::size_t>& seen, std::size_t p,
                  std::size_t c, const StudyOptions& point) const {
    const StudyOptions at = draws_.empty() ? point : with_settings(point, draws_.front());
    const int units = hidden(p, c, at);
    const StudyCell& cell = at.cells[c];
    const std::string text =
        resolved(changed_cell(cells_[c], cell.hyper, cell.variant), *problems_[p], units, at.model);
    const auto [first, is_new] = seen.emplace(std::pair(units, text), c);
    if (is_new) return;
    fail_input(
        "cells: the same cell with the same hidden size {} stands there twice, as '{}' and as "
        "'{}'; leave one out",
        units, options_.cells[first->second].name, cell.name);
  }

  // The trials of a cell on a problem at a point of the grid.
  void add_case(std::size_t p, std::size_t c, std::size_t g) {
    const StudyOptions at = with_settings(options_, points_[g]);
    const StudyCell& cell = at.cells[c];
    const bool solved = (cell.refit && (hidden_is_drawn_ || size_is_drawn_)) ||
                        (!hidden_is_drawn_ && size_is_drawn_ && cell.hidden == 0);
    const bool drawn = hidden_is_drawn_ || solved;
    PlannedTrial trial{"", p, c, first_record(p, c, g)};
    TrialRecord& record = trial.record;
    std::string name = problems_.size() > 1 ? record.dataset + "-" : "";
    name += record.name();
    if (!drawn) {
      record.hidden = hidden(p, c, at);
      name += fmt::format("-h{}", record.hidden);
    }
    if (points_.size() > 1) name += fmt::format("-g{}", g + 1);
    record.seed = options_.seeds.front();
    for (const Settings& draw : draws_) {
      const StudyOptions with_draw = with_settings(at, draw);
      record.drawn = to_text(draw);
      record.learning_rate = with_draw.train.optimiser.learning_rate;
      if (drawn) record.hidden = hidden(p, c, with_draw);
      if (solved) record.drawn += fmt::format(" hidden={}", record.hidden);
      ++record.draw;
      add(trial, fmt::format("{}-r{}", name, record.draw));
    }
    record.draw = 0;
    record.drawn.clear();
    record.learning_rate = draws_.empty() ? at.train.optimiser.learning_rate : 0.0;
    if (drawn) record.hidden = 0;
    record.selected = draws_.empty();
    for (std::size_t s = draws_.empty() ? 0 : 1; s < options_.seeds.size(); ++s) {
      record.seed = options_.seeds[s];
      add(trial, fmt::format("{}-s{}", name, record.seed));
    }
  }

  TrialRecord first_record(std::size_t p, std::size_t c, std::size_t g) const {
    const Problem& problem = *problems_[p];
    TrialRecord record;
    record.cell = cells_[c].name;
    record.variant = options_.cells[c].changes();
    record.task = options_.tasks[p].name;
    record.dataset = names_[p];
    record.setting = to_text(points_[g]);
    record.status = "waiting";
    for (const Metric& metric : problem.metrics()) record.metrics.push_back(metric.name);
    record.loss = problem.metrics()[problem.loss_metric()].name;
    return record;
  }

  void add(PlannedTrial trial, const std::string& name) {
    trial.id = id_of(name);
    while (!ids_.insert(trial.id).second) trial.id += "_";
    all_.push_back(std::move(trial));
  }

  const StudyOptions& options_;
  const std::vector<Cell>& cells_;
  const std::vector<std::unique_ptr<Problem>>& problems_;
  std::vector<std::string> names_;  // of the problems
  std::vector<Settings> points_, draws_;
  bool hidden_is_drawn_ = false, size_is_drawn_ = false;  // by their key, or by what decides them
  std::vector<PlannedTrial> all_;
  std::set<std::string> ids_;
};

}  // namespace

std::vector<std::string> problem_names(const std::vector<StudyTask>& tasks,
                                       const std::vector<std::unique_ptr<Problem>>& problems) {
  std::vector<std::string> names;
  for (std::size_t p = 0; p < problems.size(); ++p) {
    const std::string own = problems[p]->name();
    std::string& name = names.emplace_back(own);
    const auto options = tasks[p].options.all();
    for (std::size_t k = 0; k < options.size(); ++k) {
      const auto differs = [&](std::size_t other) {
        return tasks[other].name == tasks[p].name && problems[other]->name() == own &&
               tasks[other].options.all()[k] != options[k];
      };
      bool is_needed = false;
      for (std::size_t other = 0; other < problems.size(); ++other) {
        is_needed = is_needed || differs(other);
      }
      if (is_needed) name += "_" + options[k].first + "=" + options[k].second;
    }
  }
  return names;
}

std::vector<PlannedTrial> plan_trials(const StudyOptions& options, const std::vector<Cell>& cells,
                                      const std::vector<std::unique_ptr<Problem>>& problems) {
  return Planner(options, cells, problems).all();
}

Settings settings_of(const TrialRecord& trial) {
  Settings settings = settings_of(trial.setting);
  for (auto& one : settings_of(trial.drawn)) settings.push_back(std::move(one));
  return settings;
}

StudyOptions options_of(const StudyOptions& options, const TrialRecord& trial) {
  return with_settings(options, settings_of(trial));
}

}  // namespace carousel
