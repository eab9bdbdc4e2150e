#pragma once

#include <array>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metric/tally.hpp"

namespace carousel {

/// A figure that there is not, or not yet.
inline constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

/// Whether a figure can be compared: a number that is finite, and not so large (1e30) that it says
/// only that a model has left the range of its arithmetic.
bool is_sound(double figure);

/// The parts of a data set.
enum class Split { train, valid, test };
/// In the order in which splits are counted and shown.
inline constexpr std::array<Split, 3> all_splits = {Split::train, Split::valid, Split::test};

/// "train", "valid" or "test".
const char* split_name(Split split);

/// One figure on each split; NaN where it is not known.
struct SplitFigures {
  ///@{
  /// The figure on a split.
  double& operator[](Split split) { return values[static_cast<std::size_t>(split)]; }
  double operator[](Split split) const { return values[static_cast<std::size_t>(split)]; }
  ///@}

  std::array<double, 3> values = {not_known, not_known, not_known};  ///< train, valid, test
};

/// Figures by the names of their metrics.
using Figures = std::map<std::string, SplitFigures>;

/// The figure of a name; NaN where there is none.
double figure_of(const Figures& figures, const std::string& metric, Split split);

/// Which of two figures is the better one.
enum class Better { lower, higher };

/// How a figure is called and read: what results, tables and pictures know of it.
struct MetricInfo {
  std::string name;               ///< of columns: train_NAME, valid_NAME, test_NAME
  std::string title;              ///< "NLL"
  std::string unit;               ///< "nats per step"; empty: a share or a plain number
  Better better = Better::lower;  ///< which direction is progress
  int decimals = 3;               ///< with which it is shown
  /// The figure on validation from which on a trial has solved its task; NaN: there is none.
  double goal = not_known;

  /// Whether a is better than b. A NaN is never better, and worse than any number.
  bool prefers(double a, double b) const;
  /// Whether a figure is at the goal or beyond.
  bool reaches_goal(double figure) const;
};

/// A figure made of counts. Counts are kept example by example (Tally), so they can be gathered
/// over batches, shards and processes in any order.
struct Metric : MetricInfo {
  /// Names of the tally's columns that `figure` reads, in its order.
  std::vector<std::string> counts;
  /// The figure from those columns, a number an example each.
  double (*figure)(std::span<const std::span<const double>> columns) = nullptr;
};

/// The counts of loss_metric(): the sum over an example's steps, under the name of the metric...
std::string loss_column(const std::string& name);
/// .. and terms.
inline constexpr const char* loss_terms = "loss_terms";
/// The figure of a loss of a cell's own, `loss_NAME`: its mean over the terms of the task's loss,
/// whose unit it has, so that times its weight it is what it adds to that loss.
Metric loss_metric(const std::string& name, const std::string& unit);

/// The figure of a metric. Throws BugError when the tally lacks one of its counts.
double figure_of(const Metric& metric, const Tally& tally);

/// The counts that some metrics read, each once, in order of first appearance.
std::vector<std::string> counts_of(std::span<const Metric> metrics);

/// Sum of the first column / sum of the second: a mean over terms, such as steps. NaN without
/// terms.
double mean_over_terms(std::span<const std::span<const double>> columns);
/// e^mean_over_terms().
double perplexity(std::span<const std::span<const double>> columns);
/// The mean over examples of first column / second column. Examples without terms do not count.
double mean_over_examples(std::span<const std::span<const double>> columns);

}  // namespace carousel
