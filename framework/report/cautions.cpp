#include "report/cautions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/format.hpp"

namespace carousel {
namespace {

constexpr std::size_t most_names = 4;

using Texts = std::vector<std::string>;

// What is to be said of a row: " (2 of 3 seeds)" and the like; nothing where all is well.
using Remark = std::string (*)(const SummaryRow&, const StudyResults&);

std::string of_seeds(std::size_t count, int seeds) {
  if (count == 0) return "";
  return seeds == 1 ? "its one seed" : fmt::format("{} of {} seeds", count, seeds);
}

std::string diverged_seeds(const SummaryRow& row, const StudyResults&) {
  return of_seeds(static_cast<std::size_t>(row.diverged), row.seeds);
}

std::string two_seeds(const SummaryRow& row, const StudyResults& results) {
  if (row.finished != 2) return "";
  return format_figure(row, results.problem(row.dataset).chooses(), Split::test);
}

// A draw that diverged or was pruned was tried as well as the others.
std::string rate_at_the_edge(const SummaryRow& row, const StudyResults& results) {
  if (row.trials.empty() || row.draws < 2) return "";
  double low = row.learning_rate, high = row.learning_rate;
  for (const std::size_t at : row.search) {
    const double rate = results.trials[at].learning_rate;
    low = std::min(low, rate);
    high = std::max(high, rate);
  }
  if (low == high || (row.learning_rate != low && row.learning_rate != high)) return "";
  return fmt::format("{}, the {} of {}", format_rate(row.learning_rate),
                     row.learning_rate == low ? "lowest" : "highest", row.draws);
}

// A trial that reached its goal ended there: it had nothing more to learn.
std::string still_learning(const SummaryRow& row, const StudyResults& results) {
  const auto count = std::ranges::count_if(row.trials, [&](std::size_t at) {
    const TrialRecord& trial = results.trials[at];
    return trial.status == "done" && trial.best_epoch == trial.epochs &&
           std::isnan(trial.updates_to_goal);
  });
  return of_seeds(static_cast<std::size_t>(count), row.finished);
}

// Nothing that such a parameter does reaches the loss: it keeps its first value.
std::string idle_parameters(const SummaryRow& row, const StudyResults& results) {
  std::size_t count = 0;
  Texts names;
  for (const std::size_t at : row.trials) {
    const TrialRecord& trial = results.trials[at];
    if (trial.status != "done" || trial.idle.empty()) continue;
    ++count;
    std::istringstream idle(trial.idle);
    for (std::string name; idle >> name;) {
      if (std::ranges::count(names, name) == 0) names.push_back(name);
    }
  }
  return count == 0 ? "" : listed(names, 2) + "; " + of_seeds(count, row.finished);
}

std::string worse_than_a_baseline(const SummaryRow& row, const StudyResults& results) {
  const StudyProblem& problem = results.problem(row.dataset);
  const MetricInfo& metric = problem.chooses();
  const double mean = row.figure(metric.name, Split::test).mean;
  const Baseline* baseline = best_baseline(problem);
  if (!baseline || !std::isfinite(mean)) return "";
  const double figure = figure_of(baseline->figures, metric.name, Split::test);
  if (!metric.prefers(figure, mean)) return "";
  return fmt::format("{}; {} {}", format_figure(mean, metric.decimals), baseline->name,
                     format_figure(figure, metric.decimals));
}

// One sentence for all rows of which the remark says something.
void add(Texts& cautions, const Report& report, const char* sentence, Remark remark) {
  const std::vector<SummaryRow>& rows = report.rows;
  Texts names;
  for (const SummaryRow& row : rows) {
    const std::string text = remark(row, report.results);
    if (text.empty()) continue;
    const bool several_sets = rows.front().dataset != rows.back().dataset;
    const std::string on = several_sets ? " on " + row.dataset : "";
    names.push_back(fmt::format("{}{} ({})", row.label, on, text));
  }
  if (!names.empty()) {
    cautions.push_back(fmt::format("{}: {}.", sentence, listed(names, most_names)));
  }
}

}  // namespace

std::vector<std::string> cautions_of(const Report& report) {
  Texts cautions;
  // Such figures did not come from one program and one study.
  const Texts& accepted = report.results.provenance.accepted;
  if (!accepted.empty()) {
    cautions.push_back(
        fmt::format("The run was gone on with after changes: {}.", fmt::join(accepted, "; ")));
  }
  add(cautions, report, "Diverged, and in no mean", diverged_seeds);
  add(cautions, report, "Parameters that had no gradient in any update", idle_parameters);
  add(cautions, report, "Worse on test than a baseline", worse_than_a_baseline);
  add(cautions, report, "The chosen rate is at the edge of the search; a better one may lie beyond",
      rate_at_the_edge);
  add(cautions, report, "The best epoch is the last one, so training was still gaining",
      still_learning);
  add(cautions, report, "An interval from two seeds is 12.7 standard errors to each side",
      two_seeds);
  return cautions;
}

}  // namespace carousel
