#include "report/page_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/format.hpp"
#include "report/html.hpp"
#include "report/svg.hpp"

namespace carousel {
namespace {

// The test figure of a paper's cell that is a row of ours.
std::vector<double> published_of(const SummaryRow& row, const StudyResults& results) {
  const std::string& metric = results.problem(row.dataset).chooses().name;
  std::vector<double> figures;
  for (const PublishedResult& one : results.published) {
    if (one.dataset != row.dataset || one.cell != row.name()) continue;
    figures.push_back(figure_of(one.figures, metric, Split::test));
  }
  return figures;
}

// The seeds and what they make together.
void add_row(RowChart& chart, const SummaryRow& row, const Report& report) {
  const MetricInfo& metric = report.results.problem(row.dataset).chooses();
  const Statistic figure = row.figure(metric.name, Split::test);
  std::string words = std::isfinite(figure.mean) ? format_figure(figure, metric.decimals) : "";
  if (row.diverged > 0) {
    words += fmt::format("{}{} diverged", words.empty() ? "" : ", ", row.diverged);
  }
  chart.add_row(row.label, words);
  for (const double published : published_of(row, report.results)) {
    chart.add_tick(published, "published");
  }
  chart.add_interval(figure, "sure");
  chart.add_mark(figure.mean, "sure");
  for (const double seed : row.test_figures(report.results)) chart.add_point(seed);
}

// Baselines that the axis can show without becoming more than three times as coarse; where it has
// no span of its own, the best one.
std::vector<double> near_baselines(const StudyProblem& problem,
                                   const std::vector<Statistic>& figures) {
  const std::string& metric = problem.chooses().name;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const Statistic& figure : figures) {
    if (!std::isfinite(figure.mean)) continue;
    low = std::min(low, figure.mean);
    high = std::max(high, figure.mean);
  }
  std::vector<double> near;
  for (const Baseline& baseline : problem.baselines) {
    const double value = figure_of(baseline.figures, metric, Split::test);
    const bool best = low == high && &baseline == best_baseline(problem);
    if (best || std::abs(value - (low + high) / 2.0) <= 1.5 * (high - low)) near.push_back(value);
  }
  return near;
}

std::string picture_of(const StudyProblem& problem, const std::vector<const SummaryRow*>& rows,
                       const Report& report) {
  const MetricInfo& metric = problem.chooses();
  std::vector<Statistic> figures;
  for (const SummaryRow* row : rows) {
    Statistic figure = row->figure(metric.name, Split::test);
    for (const double seed : row->test_figures(report.results)) {
      if (!std::isfinite(figure.low)) figure.low = figure.high = figure.mean;
      figure.low = std::min(figure.low, seed);
      figure.high = std::max(figure.high, seed);
    }
    figures.push_back(figure);
  }
  std::vector<double> anchors = near_baselines(problem, figures);
  for (const SummaryRow* row : rows) {
    for (const double one : published_of(*row, report.results)) anchors.push_back(one);
  }
  RowChart chart(fmt::format("Test figure of each seed and cell on {}; the tables have the numbers",
                             problem.name),
                 figures, metric.better, anchors);
  for (const Baseline& baseline : problem.baselines) {
    const double value = figure_of(baseline.figures, metric.name, Split::test);
    if (!std::isfinite(value)) continue;
    chart.add_level(value, baseline.name + " " + format_figure(value, metric.decimals), "baseline");
  }
  for (const SummaryRow* row : rows) add_row(chart, *row, report);
  return chart.finish("test " + title_with_direction(metric));
}

}  // namespace

std::string result_figures_html(const Report& report) {
  std::string html;
  for (const StudyProblem& problem : report.results.problems) {
    const std::vector<const SummaryRow*> rows = ranked(report.rows, problem);
    const auto has_figure = [&](const SummaryRow* row) {
      return std::isfinite(row->figure(problem.chooses().name, Split::test).mean);
    };
    if (std::ranges::none_of(rows, has_figure)) continue;
    html +=
        figure_html(fmt::format("Results on {}", problem.name), picture_of(problem, rows, report));
  }
  return html;
}

}  // namespace carousel
