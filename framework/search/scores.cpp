#include "search/scores.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

// NaN counts as worse than any number.
double better_of(const MetricInfo& metric, double a, double b) {
  return metric.prefers(a, b) || std::isnan(b) ? a : b;
}

}  // namespace

std::map<std::string, StageFigures> figures_by_cell(const StudyResults& results) {
  std::map<std::string, StageFigures> figures;
  std::map<std::string, std::vector<int>> seeds;
  for (const TrialRecord& trial : results.trials) {
    const auto problem = std::ranges::find(results.problems, trial.dataset, &StudyProblem::name);
    const auto place = static_cast<std::size_t>(problem - results.problems.begin());
    StageFigures& of_cell = figures[trial.cell];
    std::vector<int>& counts = seeds[trial.cell];
    of_cell.resize(results.problems.size(), 0.0);
    counts.resize(results.problems.size(), 0);
    if (trial.status == "skipped") of_cell[place] = not_known;  // every draw diverged
    if (!trial.selected) continue;
    const double figure = trial.chosen_by();
    of_cell[place] += is_sound(figure) && was_trained(trial) ? figure : not_known;
    ++counts[place];
  }
  for (auto& [cell, of_cell] : figures) {
    for (std::size_t k = 0; k < of_cell.size(); ++k) {
      const int count = seeds[cell][k];
      of_cell[k] = count > 0 ? of_cell[k] / count : not_known;
    }
  }
  return figures;
}

std::vector<TaskScale> scales_of(const StudyResults& first, const std::string& stage) {
  const auto figures = figures_by_cell(first);
  std::vector<TaskScale> scales;
  for (std::size_t k = 0; k < first.problems.size(); ++k) {
    const StudyProblem& problem = first.problems[k];
    const MetricInfo& metric = problem.chooses();
    TaskScale scale{problem.name, not_known, not_known};
    for (const Baseline& baseline : problem.baselines) {
      const double figure = figure_of(baseline.figures, metric.name, Split::valid);
      if (!is_sound(figure)) continue;
      if (std::isnan(scale.baseline) || metric.prefers(scale.baseline, figure)) {
        scale.baseline = figure;
      }
    }
    for (const auto& [cell, of_cell] : figures) {
      scale.best_first = better_of(metric, of_cell[k], scale.best_first);
    }
    if (!metric.prefers(scale.best_first, scale.baseline)) {
      fail_input(
          "stage {}, {}: the best first cell has {} = {} on validation, no better than the "
          "weakest baseline, {}: candidates could not be told apart. Train longer "
          "(stages.{}.study.train.epochs), take an easier task, or other cells",
          stage, problem.name, metric.name, scale.best_first, scale.baseline, stage);
    }
    scales.push_back(std::move(scale));
  }
  return scales;
}

double score_of(const StageFigures& figures, const std::vector<TaskScale>& scales) {
  double worst = not_known;
  for (std::size_t k = 0; k < scales.size(); ++k) {
    const double score = scales[k].score(figures.at(k));
    if (std::isnan(score)) return score;
    worst = std::isnan(worst) ? score : std::min(worst, score);
  }
  return worst;
}

}  // namespace carousel
