#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "study/results.hpp"
#include "study/statistics.hpp"

namespace carousel {

/// A figure on each split over seeds.
using SplitStatistics = std::array<Statistic, 3>;

/// One cell, variant, hidden size and point of the grid on one problem. Its trials are those that
/// count in the comparison: with a search the selected ones, without a search all. The
/// statistics are taken over the finished ones; diverged ones are counted, never averaged.
struct SummaryRow {
  /// "cell", or "cell+variant".
  std::string name() const { return variant.empty() ? cell : cell + "+" + variant; }
  /// A figure at the best epoch; without a mean where no finished trial has it.
  Statistic figure(const std::string& metric, Split split) const;
  /// The test figure that is compared, of each finished trial, in the order of `trials`.
  std::vector<double> test_figures(const StudyResults& results) const;

  std::string cell;             ///< its name
  std::string variant;          ///< empty: the cell as it is
  std::string dataset;          ///< name of the problem
  std::string setting;          ///< its point of the grid: "model.depth=2"
  int hidden = 0;               ///< elements of a state; 0: the search has not chosen one
  std::string label;            ///< name_at_point(), with the units where there are several sizes
  double learning_rate = 0.0;   ///< of the trials; 0: the search has not chosen one
  std::int64_t parameters = 0;  ///< of the whole model
  std::int64_t cell_parameters = 0;  ///< of the recurrent layers alone
  int draws = 0;                     ///< of the search; 0: there is no search
  int diverged_draws = 0;            ///< of these
  int pruned_draws = 0;              ///< of these
  int seeds = 0;                     ///< of the plan: finished, diverged, running and waiting
  int finished = 0;                  ///< of the trials that count
  int diverged = 0;                  ///< of the trials that count
  int solved = 0;                    ///< of the finished ones: they reached the task's goal
  std::map<std::string, SplitStatistics> figures;  ///< by metric
  Statistic updates_to_goal;                       ///< of the solved ones
  Statistic epochs;                                ///< trained, of the finished ones
  Statistic best_epoch;                            ///< of the finished ones
  Statistic seconds;                               ///< of training, of the finished ones
  std::int64_t memory = 0;                         ///< bytes: the largest of the finished trials
  std::vector<std::size_t> trials;                 ///< places in StudyResults::trials
  std::vector<std::size_t> search;                 ///< the same of the search's trials, a draw each
};

/// Rows in order of first appearance; rows of one problem stand together.
std::vector<SummaryRow> summarise(const StudyResults& results);

/// The rows of a problem, the best test figure first; of equal ones and of those without a figure,
/// which stand last, in their order.
std::vector<const SummaryRow*> ranked(const std::vector<SummaryRow>& rows,
                                      const StudyProblem& problem);

/// Problems of which the same is to be said.
struct NamedProblems {
  std::string text;                ///< what is to be said
  std::vector<std::string> names;  ///< of the problems
};

/// What is to be said of each problem that has rows, those with the same text together; in order of
/// the rows.
std::vector<NamedProblems> problems_by(
    const StudyResults& results, const std::vector<SummaryRow>& rows,
    const std::function<std::string(const StudyProblem&)>& text_of);

/// The baseline with the best test figure, or null where none has a figure.
const Baseline* best_baseline(const StudyProblem& problem);

/// The metric of a problem that has a goal, or null.
const MetricInfo* goal_of(const StudyProblem& problem);

/// The best validation figure of each draw of the row's search, NaN where it diverged, without
/// those that have not ended. A pruned draw has the best figure that it had reached, which is no
/// better than what it would have come to. tuning_curve() takes them where lower is better.
std::vector<double> draws_of(const SummaryRow& row, const StudyResults& results);

}  // namespace carousel
