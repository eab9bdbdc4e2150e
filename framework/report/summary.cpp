#include "report/summary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace carousel {
namespace {

// Draws of one row may differ in their hidden sizes, and its seeds wait for the choice.
bool hidden_is_drawn(const TrialRecord& trial) {
  return trial.hidden == 0 || trial.drawn.starts_with("hidden=") ||
         trial.drawn.find(" hidden=") != std::string::npos;
}

bool belongs(const SummaryRow& row, const TrialRecord& trial) {
  return row.cell == trial.cell && row.variant == trial.variant && row.dataset == trial.dataset &&
         row.setting == trial.setting && row.hidden == (hidden_is_drawn(trial) ? 0 : trial.hidden);
}

SummaryRow row_for(const TrialRecord& trial) {
  SummaryRow row;
  row.cell = trial.cell;
  row.variant = trial.variant;
  row.dataset = trial.dataset;
  row.setting = trial.setting;
  row.hidden = hidden_is_drawn(trial) ? 0 : trial.hidden;
  row.parameters = trial.parameters;
  row.cell_parameters = trial.cell_parameters;
  return row;
}

int count_status(const std::vector<std::size_t>& places, const std::vector<TrialRecord>& trials,
                 const char* status) {
  return static_cast<int>(std::count_if(
      places.begin(), places.end(), [&](std::size_t at) { return trials[at].status == status; }));
}

// `all` holds the places of the row's trials. The search runs with the seed of its first one.
void split_trials(SummaryRow& row, const std::vector<std::size_t>& all,
                  const std::vector<TrialRecord>& trials) {
  std::set<std::uint64_t> seeds;
  for (const std::size_t at : all) {
    const TrialRecord& trial = trials[at];
    seeds.insert(trial.seed);
    if (trial.draw > 0 && trial.seed == trials[all.front()].seed) row.search.push_back(at);
  }
  row.seeds = static_cast<int>(seeds.size());
  row.draws = static_cast<int>(row.search.size());
  row.diverged_draws = count_status(row.search, trials, "diverged");
  row.pruned_draws = count_status(row.search, trials, "pruned");
  for (const std::size_t at : all) {
    if (row.search.empty() || trials[at].selected) row.trials.push_back(at);
  }
  if (!row.trials.empty()) {
    const TrialRecord& chosen = trials[row.trials.front()];
    row.learning_rate = chosen.learning_rate;
    row.hidden = chosen.hidden;
    row.parameters = chosen.parameters;
    row.cell_parameters = chosen.cell_parameters;
  }
  row.finished = count_status(row.trials, trials, "done");
  row.diverged = count_status(row.trials, trials, "diverged");
}

void fill_statistics(SummaryRow& row, const StudyResults& results) {
  const auto over_finished = [&](auto value_of) {
    std::vector<double> values;
    for (const std::size_t at : row.trials) {
      const TrialRecord& trial = results.trials[at];
      if (trial.status == "done") values.push_back(static_cast<double>(value_of(trial)));
    }
    return values;
  };
  for (const MetricInfo& metric : results.problem(row.dataset).metrics) {
    for (const Split split : all_splits) {
      row.figures[metric.name][static_cast<std::size_t>(split)] = statistic_of(over_finished(
          [&](const TrialRecord& trial) { return trial.figure(metric.name, split); }));
    }
  }
  std::vector<double> updates =
      over_finished([](const TrialRecord& trial) { return trial.updates_to_goal; });
  std::erase_if(updates, [](double value) { return std::isnan(value); });
  row.solved = static_cast<int>(updates.size());
  row.updates_to_goal = statistic_of(updates);
  const auto statistic = [&](auto member) {
    return statistic_of(over_finished([&](const TrialRecord& trial) { return trial.*member; }));
  };
  row.epochs = statistic(&TrialRecord::epochs);
  row.best_epoch = statistic(&TrialRecord::best_epoch);
  row.seconds = statistic(&TrialRecord::seconds);
  for (const std::size_t at : row.trials) {
    const TrialRecord& trial = results.trials[at];
    if (trial.status == "done") row.memory = std::max(row.memory, trial.memory);
  }
}

void keep_datasets_together(std::vector<SummaryRow>& rows) {
  std::map<std::string, std::size_t> rank;
  for (const SummaryRow& row : rows) rank.emplace(row.dataset, rank.size());
  std::stable_sort(rows.begin(), rows.end(), [&](const SummaryRow& a, const SummaryRow& b) {
    return rank.at(a.dataset) < rank.at(b.dataset);
  });
}

void set_labels(std::vector<SummaryRow>& rows) {
  for (SummaryRow& row : rows) {
    row.label = name_at_point(row.name(), row.setting);
    const bool several_sizes = std::any_of(rows.begin(), rows.end(), [&](const SummaryRow& other) {
      return other.dataset == row.dataset && other.name() == row.name() &&
             other.setting == row.setting && other.hidden != row.hidden;
    });
    if (several_sizes) row.label += fmt::format(", {} units", row.hidden);
  }
}

}  // namespace

Statistic SummaryRow::figure(const std::string& metric, Split split) const {
  const auto found = figures.find(metric);
  return found == figures.end() ? Statistic() : found->second[static_cast<std::size_t>(split)];
}

std::vector<double> SummaryRow::test_figures(const StudyResults& results) const {
  const std::string& metric = results.problem(dataset).chooses().name;
  std::vector<double> values;
  for (const std::size_t at : trials) {
    const TrialRecord& trial = results.trials[at];
    if (trial.status == "done") values.push_back(trial.figure(metric, Split::test));
  }
  return values;
}

std::vector<SummaryRow> summarise(const StudyResults& results) {
  std::vector<SummaryRow> rows;
  std::vector<std::vector<std::size_t>> places;
  for (std::size_t at = 0; at < results.trials.size(); ++at) {
    const TrialRecord& trial = results.trials[at];
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const SummaryRow& r) { return belongs(r, trial); });
    const auto k = static_cast<std::size_t>(found - rows.begin());
    if (found == rows.end()) {
      rows.push_back(row_for(trial));
      places.emplace_back();
    }
    places[k].push_back(at);
  }
  for (std::size_t k = 0; k < rows.size(); ++k) {
    split_trials(rows[k], places[k], results.trials);
    fill_statistics(rows[k], results);
  }
  keep_datasets_together(rows);
  set_labels(rows);
  return rows;
}

std::vector<const SummaryRow*> ranked(const std::vector<SummaryRow>& rows,
                                      const StudyProblem& problem) {
  const MetricInfo& metric = problem.chooses();
  std::vector<const SummaryRow*> of_problem;
  for (const SummaryRow& row : rows) {
    if (row.dataset == problem.name) of_problem.push_back(&row);
  }
  const auto mean = [&](const SummaryRow* row) {
    const double figure = row->figure(metric.name, Split::test).mean;
    return std::isfinite(figure) ? figure : not_known;
  };
  std::stable_sort(of_problem.begin(), of_problem.end(),
                   [&](const SummaryRow* a, const SummaryRow* b) {
                     const double x = mean(a), y = mean(b);
                     return !std::isnan(x) && metric.prefers(x, y);
                   });
  return of_problem;
}

std::vector<NamedProblems> problems_by(
    const StudyResults& results, const std::vector<SummaryRow>& rows,
    const std::function<std::string(const StudyProblem&)>& text_of) {
  std::vector<NamedProblems> all;
  std::string last;
  for (const SummaryRow& row : rows) {
    if (!all.empty() && row.dataset == last) continue;
    last = row.dataset;
    const std::string text = text_of(results.problem(row.dataset));
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const NamedProblems& one) { return one.text == text; });
    if (found == all.end()) found = all.insert(found, {text, {}});
    found->names.push_back(row.dataset);
  }
  return all;
}

const Baseline* best_baseline(const StudyProblem& problem) {
  const MetricInfo& metric = problem.chooses();
  const Baseline* best = nullptr;
  double least = not_known;
  for (const Baseline& baseline : problem.baselines) {
    const double figure = figure_of(baseline.figures, metric.name, Split::test);
    if (!std::isfinite(figure) || !metric.prefers(figure, least)) continue;
    best = &baseline;
    least = figure;
  }
  return best;
}

const MetricInfo* goal_of(const StudyProblem& problem) {
  for (const MetricInfo& metric : problem.metrics) {
    if (!std::isnan(metric.goal)) return &metric;
  }
  return nullptr;
}

std::vector<double> draws_of(const SummaryRow& row, const StudyResults& results) {
  std::vector<double> values;
  for (const std::size_t at : row.search) {
    const TrialRecord& trial = results.trials[at];
    if (trial.status == "done" || trial.status == "pruned") values.push_back(trial.chosen_by());
    if (trial.status == "diverged") values.push_back(not_known);
  }
  return values;
}

}  // namespace carousel
