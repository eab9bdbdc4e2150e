#include "study/result_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "io/csv.hpp"

namespace carousel {
namespace {

using Texts = std::vector<std::string>;

void add_new(Texts& list, const std::string& name) {
  if (std::ranges::find(list, name) == list.end()) list.push_back(name);
}

// Of all problems, in order of first appearance.
Texts metric_names(const StudyResults& results) {
  Texts names;
  for (const StudyProblem& problem : results.problems) {
    for (const MetricInfo& metric : problem.metrics) add_new(names, metric.name);
  }
  return names;
}

void add_figure_columns(const Texts& metrics, Texts& columns) {
  for (const std::string& metric : metrics) {
    for (const Split split : all_splits) {
      columns.push_back(fmt::format("{}_{}", split_name(split), metric));
    }
  }
}

void add_figures(const Texts& metrics, const Figures& figures, Texts& row) {
  for (const std::string& metric : metrics) {
    for (const Split split : all_splits)
      row.push_back(csv_number(figure_of(figures, metric, split)));
  }
}

std::string field_text(const std::string&, const std::string& value) { return value; }
std::string field_text(const std::string&, bool value) { return value ? "1" : "0"; }
std::string field_text(const std::string& name, double value) {
  return name == "seconds" ? csv_number(value, 3) : csv_number(value);
}
std::string field_text(const std::string&, std::integral auto value) {
  return fmt::format("{}", value);
}

}  // namespace

std::string results_csv(const StudyResults& results) {
  const Texts metrics = metric_names(results);
  Texts columns{"study"};
  const TrialRecord none;
  visit_trial_fields(none, [&](const char* name, const auto&) { columns.push_back(name); });
  const Texts keys = swept_keys(results);
  columns.insert(columns.end(), keys.begin(), keys.end());
  add_figure_columns(metrics, columns);
  CsvText csv(columns);
  for (const TrialRecord& r : results.trials) {
    Texts row{results.study};
    visit_trial_fields(
        r, [&](const char* name, const auto& value) { row.push_back(field_text(name, value)); });
    for (const std::string& key : keys) row.push_back(swept_value(r, key));
    add_figures(metrics, r.figures, row);
    csv.add(row);
  }
  return csv.text();
}

std::string curves_csv(const StudyResults& results) {
  Texts losses;
  for (const StudyProblem& problem : results.problems) add_new(losses, problem.loss);
  const Texts metrics = metric_names(results);
  Texts columns{"study", "cell", "variant", "dataset", "hidden", "setting",
                "seed",  "draw", "epoch",   "updates", "seconds"};
  for (const std::string& loss : losses) columns.push_back("train_" + loss);
  for (const std::string& metric : metrics) columns.push_back("valid_" + metric);
  CsvText csv(columns);
  for (const TrialRecord& r : results.trials) {
    for (const CurvePoint& p : r.curve) {
      Texts row{results.study,
                r.cell,
                r.variant,
                r.dataset,
                fmt::format("{}", r.hidden),
                r.setting,
                fmt::format("{}", r.seed),
                fmt::format("{}", r.draw),
                fmt::format("{}", p.epoch),
                fmt::format("{}", p.updates),
                csv_number(p.seconds, 3)};
      for (const std::string& loss : losses)
        row.push_back(loss == r.loss ? csv_number(p.train) : "");
      for (const std::string& metric : metrics) {
        const auto at = std::ranges::find(r.metrics, metric) - r.metrics.begin();
        row.push_back(at < std::ssize(p.valid) ? csv_number(p.valid[static_cast<std::size_t>(at)])
                                               : "");
      }
      csv.add(row);
    }
  }
  return csv.text();
}

std::string baselines_csv(const StudyResults& results) {
  const Texts metrics = metric_names(results);
  Texts columns{"study", "dataset", "baseline"};
  add_figure_columns(metrics, columns);
  CsvText csv(columns);
  for (const StudyProblem& problem : results.problems) {
    for (const Baseline& baseline : problem.baselines) {
      Texts row{results.study, problem.name, baseline.name};
      add_figures(metrics, baseline.figures, row);
      csv.add(row);
    }
  }
  return csv.text();
}

}  // namespace carousel
