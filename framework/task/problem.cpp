#include "task/problem.hpp"

namespace carousel {

Tally tally_of(const Problem& problem, Split split) {
  return {counts_of(problem.metrics()), problem.size(split)};
}

void set_figures(std::span<const Metric> metrics, Split split, const Tally& tally,
                 Figures& figures) {
  for (const Metric& metric : metrics) figures[metric.name][split] = figure_of(metric, tally);
}

void set_figures(const Problem& problem, Split split, const Tally& tally, Figures& figures) {
  set_figures(problem.metrics(), split, tally, figures);
}

std::vector<Metric> metrics_of(const Problem& problem, const Model& model) {
  std::vector<Metric> metrics = problem.metrics();
  const std::string unit = metrics[problem.loss_metric()].unit;
  for (const std::string& loss : model.losses()) metrics.push_back(loss_metric(loss, unit));
  return metrics;
}

}  // namespace carousel
