#pragma once

#include <string>
#include <vector>

#include "report/summary.hpp"

namespace carousel {

/// A two-sided p, as it is and corrected for all pairs of its data set (Holm 1979).
struct PValue {
  double single = not_known;     ///< of this test alone
  double corrected = not_known;  ///< for all pairs
};

/// Whether a test tells its two sides apart: its p, corrected, is below 0.05.
bool is_told_apart(const PValue& p);

/// "0.010 (0.030)": single, and in brackets corrected; "-" for an unknown one.
std::string format_p(const PValue& p);

/// Two rows of one problem, by the test figure of the metric that chooses.
struct Comparison {
  std::string dataset;  ///< name of the problem
  std::string first;    ///< one row's label
  std::string second;   ///< the other row's label
  int pairs = 0;        ///< seeds that both finished
  /// First less second over the pairs; which sign is better, the metric says.
  Statistic difference;
  PValue paired_t;       ///< over the pairs
  PValue wilcoxon;       ///< over the pairs
  PValue welch;          ///< over all finished seeds of either
  Estimate improvement;  ///< probability that a seed of the first is better, of all finished
};

/// Every pair of rows of each data set, in order of the rows. Figures that take more finished seeds
/// than there are stay NaN.
std::vector<Comparison> comparisons(const StudyResults& results,
                                    const std::vector<SummaryRow>& rows);

/// A row's label over several data sets.
struct PooledCell {
  std::string label;  ///< SummaryRow::label
  Estimate relative;  ///< interquartile mean of test figure / that of the problem's first baseline
};

/// Two labels over several data sets.
struct PooledPair {
  std::string first;     ///< a label
  std::string second;    ///< the other label
  Estimate improvement;  ///< probability that a seed of the first is better, mean over sets
};

/// What the study says over its data sets together, with stratified bootstrap intervals
/// (statistics.hpp). Only sets count on which every cell has a finished seed; the relative figure
/// takes a baseline too, whose figure is above zero, and a metric of which lower is better. Below
/// two such sets the lists are empty.
struct PooledResults {
  std::vector<std::string> datasets;           ///< of the pairs
  std::vector<std::string> relative_datasets;  ///< of the cells: those with a baseline
  std::vector<PooledCell> cells;               ///< in order of first appearance
  std::vector<PooledPair> pairs;               ///< every pair of these labels
};

/// rows: summarise(results).
PooledResults pooled_results(const StudyResults& results, const std::vector<SummaryRow>& rows);

}  // namespace carousel
