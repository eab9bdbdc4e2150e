#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/archive.hpp"
#include "metric/metric.hpp"

namespace carousel {

/// One epoch of one trial.
struct CurvePoint {
  int epoch = 0;              ///< from 1
  std::int64_t updates = 0;   ///< made since the trial began
  double seconds = 0.0;       ///< since the trial began, pauses left out
  double train = 0.0;         ///< loss: running mean over the epoch, with noise if any
  std::vector<double> valid;  ///< figures in the order of TrialRecord::metrics
};

/// One trial: one cell, problem, rate and seed. Figures are NaN where not known.
struct TrialRecord {
  /// "cell", or "cell+variant".
  std::string name() const { return variant.empty() ? cell : cell + "+" + variant; }
  /// A figure at the best epoch, without noise; test figures of selected trials alone.
  double figure(const std::string& metric, Split split) const {
    return figure_of(figures, metric, split);
  }
  /// The validation figure that everything is chosen by.
  double chosen_by() const {
    return metrics.empty() ? not_known : figure(metrics.front(), Split::valid);
  }

  std::string cell;                  ///< its name
  std::string variant;               ///< empty: the cell as it is
  std::string task;                  ///< its name in the table of tasks
  std::string dataset;               ///< name of the problem
  int hidden = 0;                    ///< elements of a state; 0: the search has not chosen one
  std::int64_t parameters = 0;       ///< of the whole model
  std::int64_t cell_parameters = 0;  ///< of the recurrent layers alone
  std::string setting;  ///< its point of the study's grid: "model.depth=2"; empty: there is no grid
  std::uint64_t seed = 0;  ///< of first values, orders of batches and noise
  int draw = 0;            ///< of the search, from 1; 0: there is no search
  std::string drawn;       ///< what the draw sets: "train.learning_rate=0.01 hidden=64"; a hidden
                           ///< size that is solved for the draw stands there too
  double learning_rate = 0.0;  ///< 0: not chosen yet
  bool selected = false;       ///< it counts in the comparison: of the chosen rate
  std::string status;          ///< "waiting", "running", "done", "diverged", "pruned", "skipped"
  int epochs = 0;              ///< trained so far
  int best_epoch = 0;          ///< 0: none yet
  double updates_to_goal = not_known;  ///< updates before validation first reached the task's goal
  std::int64_t overflows = 0;          ///< updates whose gradient was beyond the range of float
  std::string idle;                    ///< parameters without a gradient in any update so far, by
                                       ///< name, a blank between them
  double seconds = 0.0;                ///< of training, pauses left out
  std::int64_t memory = 0;  ///< bytes: values kept for the way back, gradients and workspace
  std::vector<std::string> metrics;  ///< names, in the problem's order; the first one chooses
  std::string loss;                  ///< the metric that is the loss
  Figures figures;                   ///< at the best epoch
  std::vector<CurvePoint> curve;     ///< one point an epoch
};

/// What tells a trial from all others of its run. Calls v(name, value) for each.
template <class Record, class Visitor>
void visit_trial_identity(Record& r, Visitor&& v) {
  v("cell", r.cell);
  v("variant", r.variant);
  v("task", r.task);
  v("dataset", r.dataset);
  v("hidden", r.hidden);
  v("setting", r.setting);
  v("seed", r.seed);
  v("draw", r.draw);
  v("drawn", r.drawn);
  v("learning_rate", r.learning_rate);
}

/// The one list of a record's plain fields: archives and results.csv walk it. Calls
/// v(name, value) for each.
template <class Record, class Visitor>
void visit_trial_fields(Record& r, Visitor&& v) {
  visit_trial_identity(r, v);
  v("parameters", r.parameters);
  v("cell_parameters", r.cell_parameters);
  v("selected", r.selected);
  v("status", r.status);
  v("epochs", r.epochs);
  v("best_epoch", r.best_epoch);
  v("updates_to_goal", r.updates_to_goal);
  v("overflows", r.overflows);
  v("idle", r.idle);
  v("seconds", r.seconds);
  v("memory", r.memory);
}

/// Writes a record into an archive.
void save_record(const TrialRecord& record, Archive& archive);
/// The way back. Throws InputError when a field is missing, of another form, out of its range, or
/// at odds with the others.
TrialRecord load_record(const Archive& archive);

/// Whether it was trained to its end: it is "done", or "diverged" by its test figures alone, by
/// which nothing may be chosen.
bool was_trained(const TrialRecord& record);

/// Throws InputError with both values where `saved` is not the record of the trial `planned`. What
/// waits for a search has no draw in its plan, and nothing that a draw sets.
void expect_same_trial(const TrialRecord& planned, const TrialRecord& saved);

}  // namespace carousel
