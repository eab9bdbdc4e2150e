#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "train/results.hpp"

namespace carousel {

/// Mean and sample standard deviation (divisor n - 1), in the unit of the values.
/// NaN stands for "no such number": no value at all, or a deviation of a single value.
struct Statistic {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double deviation = std::numeric_limits<double>::quiet_NaN();
};

/// Mean and sample standard deviation of `values`.
Statistic statistic_of(const std::vector<double>& values);

/// All seeds of one cell, variant, data set, hidden size and rate. The statistics are taken over
/// the finished seeds alone; diverged and running seeds are counted, never averaged.
struct SummaryRow {
  std::string cell;
  std::string variant;
  std::string dataset;
  int hidden = 0;
  double learning_rate = 0.0;
  std::int64_t parameters = 0;
  std::int64_t cell_parameters = 0;
  int seeds = 0;  // finished, diverged and running
  int finished = 0;
  int diverged = 0;
  Statistic train_nll;  // this and the next two: nats per step, at the best epoch
  Statistic valid_nll;
  Statistic test_nll;
  Statistic epochs;
  Statistic best_epoch;
  Statistic seconds;
  std::vector<std::size_t> trials;  // places in StudyResults::trials

  /// "cell", or "cell+variant".
  std::string name() const;
};

/// Rows in order of first appearance; rows of one data set stand together.
std::vector<SummaryRow> summarise(const StudyResults& results);

}  // namespace carousel
