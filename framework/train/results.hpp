#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// A figure that there is not, or not yet.
inline constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

/// One epoch of one trial. NLL in nats per time step.
struct CurvePoint {
  int epoch = 0;
  std::int64_t updates = 0;
  double seconds = 0.0;    // since the trial began, pauses left out
  double train_nll = 0.0;  // running mean over the epoch, with noise if any
  double valid_nll = 0.0;
};

/// One trial: one cell, data set, rate and seed. NLL in nats per time step, by_sequence: the mean
/// of the sequences' own means instead of the mean over all steps; NaN where not known.
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
  int draw = 0;                // which learning rate of the search, from 1; 0: there is no search
  double learning_rate = 0.0;  // 0: not chosen yet
  bool selected = false;       // it counts in the comparison: of the chosen rate
  int epochs = 0;
  int best_epoch = 0;
  double train_nll = not_known;  // at the best epoch, without noise
  double valid_nll = not_known;
  double test_nll = not_known;  // of selected trials alone
  double train_nll_by_sequence = not_known;
  double valid_nll_by_sequence = not_known;
  double test_nll_by_sequence = not_known;
  std::int64_t overflows = 0;  // updates whose gradient was beyond the range of float
  double seconds = 0.0;
  std::int64_t memory = 0;  // bytes: values kept for the way back, gradients and workspace
  std::string status;       // "waiting", "running", "done", "diverged"
  std::vector<CurvePoint> curve;
};

/// A model without learning, fitted by counting on the training split. NLL as in TrialRecord.
struct Baseline {
  std::string name;  // "independent keys"
  std::string dataset;
  double train_nll = not_known;
  double valid_nll = not_known;
  double test_nll = not_known;
  double train_nll_by_sequence = not_known;
  double valid_nll_by_sequence = not_known;
  double test_nll_by_sequence = not_known;
};

/// A figure of a paper that is shown beside ours.
struct PublishedResult {
  std::string source;  // "Chung et al. 2014, table 2"
  std::string dataset;
  std::string cell;  // the cell of the study that it belongs to, or the model's own name
  double train_nll = not_known;
  double test_nll = not_known;
};

/// What a trained model expects of a sequence, step by step.
struct PianoRoll {
  std::string dataset;
  std::string cell;        // name and variant
  std::string sequence;    // which one, in words
  int lowest_pitch = 21;   // MIDI pitch of column 0: 1 where a frame is indexed by pitch - 1
  Tensor<float> notes;     // [steps, width], 0 or 1
  Tensor<float> expected;  // [steps, width], the probability that the model gave before it saw them
};

/// Everything that tables and pages are made of.
struct StudyResults {
  std::string study;
  std::string description;                                   // a line or two of the study's author
  std::vector<std::string> dataset_notes;                    // where each set came from, sizes
  std::string study_yaml;                                    // the resolved study
  std::vector<std::pair<std::string, std::string>> machine;  // "cpu" -> "..." and so on
  std::vector<std::pair<std::string, std::string>> cell_texts;  // name -> equations, conventions
  std::vector<TrialRecord> trials;  // by data set, cell: first the search, then the seeds
  std::vector<Baseline> baselines;
  std::vector<PublishedResult> published;
  std::vector<PianoRoll> piano_rolls;
};

}  // namespace carousel
