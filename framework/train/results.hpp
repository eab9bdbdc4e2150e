#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carousel {

/// One epoch of one trial. NLL in nats per time step.
struct CurvePoint {
  int epoch = 0;
  std::int64_t updates = 0;
  double seconds = 0.0;    // since the trial began, pauses left out
  double train_nll = 0.0;  // running mean over the epoch, with noise if any
  double valid_nll = 0.0;
};

/// One trial: one cell, data set, rate and seed.
struct TrialRecord {
  /// "cell", or "cell+variant".
  std::string name() const { return variant.empty() ? cell : cell + "+" + variant; }

  std::string cell;
  std::string variant;  // empty: the cell as it is
  std::string dataset;
  int hidden = 0;
  std::int64_t parameters = 0;       // of the whole model
  std::int64_t cell_parameters = 0;  // of the recurrent layers alone
  std::uint64_t seed = 0;
  double learning_rate = 0.0;
  int epochs = 0;
  int best_epoch = 0;
  double train_nll = 0.0;  // at the best epoch, without noise
  double valid_nll = 0.0;
  double test_nll = 0.0;
  double seconds = 0.0;
  std::string status;  // "done", "diverged", "running"
  std::vector<CurvePoint> curve;
};

/// Everything that tables and pages are made of.
struct StudyResults {
  std::string study;
  std::string dataset_note;                                     // where the data came from, sizes
  std::string study_yaml;                                       // the resolved study
  std::vector<std::pair<std::string, std::string>> machine;     // "cpu" -> "..." and so on
  std::vector<std::pair<std::string, std::string>> cell_texts;  // name -> equations, conventions
  std::vector<TrialRecord> trials;
};

}  // namespace carousel
