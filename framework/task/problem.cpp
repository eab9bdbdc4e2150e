#include "task/problem.hpp"

namespace carousel {

Tally tally_of(const Problem& problem, Split split) {
  return {counts_of(problem.metrics()), problem.size(split)};
}

void set_figures(const Problem& problem, Split split, const Tally& tally, Figures& figures) {
  for (const Metric& metric : problem.metrics()) {
    figures[metric.name][split] = figure_of(metric, tally);
  }
}

}  // namespace carousel
