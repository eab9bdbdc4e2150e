#include "metric/metric.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tensor/error.hpp"

namespace carousel {

bool is_sound(double figure) { return std::abs(figure) < 1e30; }

const char* split_name(Split split) {
  switch (split) {
    case Split::train: return "train";
    case Split::valid: return "valid";
    case Split::test: return "test";
  }
  fail_bug("a split without a name");
}

double figure_of(const Figures& figures, const std::string& metric, Split split) {
  const auto found = figures.find(metric);
  return found == figures.end() ? not_known : found->second[split];
}

bool MetricInfo::prefers(double a, double b) const {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  return better == Better::lower ? a < b : a > b;
}

bool MetricInfo::reaches_goal(double figure) const {
  return better == Better::lower ? figure <= goal : figure >= goal;
}

std::string loss_column(const std::string& name) { return "loss_" + name; }

Metric loss_metric(const std::string& name, const std::string& unit) {
  const std::string column = loss_column(name);
  return {{column, "loss " + name, unit, Better::lower, 4}, {column, loss_terms}, mean_over_terms};
}

double figure_of(const Metric& metric, const Tally& tally) {
  std::vector<std::span<const double>> columns;
  for (const std::string& count : metric.counts) columns.push_back(tally.column(count));
  return metric.figure(columns);
}

std::vector<std::string> counts_of(std::span<const Metric> metrics) {
  std::vector<std::string> all;
  for (const Metric& metric : metrics) {
    for (const std::string& count : metric.counts) {
      if (std::find(all.begin(), all.end(), count) == all.end()) all.push_back(count);
    }
  }
  return all;
}

double mean_over_terms(std::span<const std::span<const double>> columns) {
  const double terms = std::accumulate(columns[1].begin(), columns[1].end(), 0.0);
  if (terms == 0.0) return not_known;
  const double sum = std::accumulate(columns[0].begin(), columns[0].end(), 0.0);
  if (std::isfinite(sum)) return sum / terms;
  double mean = 0.0;
  for (const double value : columns[0]) mean += value / terms;
  return mean;
}

double perplexity(std::span<const std::span<const double>> columns) {
  return std::exp(mean_over_terms(columns));
}

double mean_over_examples(std::span<const std::span<const double>> columns) {
  const auto examples = static_cast<double>(std::count_if(
      columns[1].begin(), columns[1].end(), [](double terms) { return terms > 0.0; }));
  if (examples == 0.0) return not_known;
  double mean = 0.0;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    if (columns[1][i] > 0.0) mean += columns[0][i] / (columns[1][i] * examples);
  }
  return mean;
}

}  // namespace carousel
