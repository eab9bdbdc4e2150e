#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "io/archive.hpp"
#include "train/batches.hpp"
#include "train/train_options.hpp"
#include "train/trial_record.hpp"

namespace carousel {

/// Where a trial is, for a progress line.
struct Progress {
  int epoch = 0;               ///< running, counted from 1
  int epochs = 0;              ///< of the options
  double done = 0.0;           ///< share of all epochs, 0 to 1
  double seconds = 0.0;        ///< of this trial so far
  std::int64_t updates = 0;    ///< made since the trial began
  double loss = 0.0;           ///< of the last batch, a term's mean, with noise if any
  double rate = 0.0;           ///< of the last update
  double gradient_norm = 0.0;  ///< of its gradient, in front of clipping
  double train = 0.0;          ///< loss, the running mean of this epoch
  double valid = 0.0;          ///< the figure that chooses, of the last epoch; NaN in the first
  double best_valid = 0.0;     ///< the same at the best epoch; NaN: none yet
  int best_epoch = 0;          ///< 0: none yet
  bool epoch_ended = false;    ///< the last update of an epoch, with its validation, is behind
};

/// How a run of a trainer ended.
enum class Outcome { finished, interrupted, diverged };

/// Trains one trial: shuffled batches, one update each, early stop on the figure that chooses. All
/// of its state goes into an archive and back, in the middle of an epoch too: a trial that was
/// interrupted ends in the same bits as one that was not.
class Trainer {
 public:
  virtual ~Trainer() = default;

  /// Trains until the end, or until `stop` is set. An update or evaluation that throws Interrupted
  /// (see StopScope) is dropped, and done again by who goes on. on_progress is called after each
  /// update; it may save a checkpoint, and it may throw Interrupted. until: epochs after which it
  /// ends as if it were interrupted; 0: none.
  virtual Outcome run(const std::atomic<bool>& stop,
                      const std::function<void(const Progress&)>& on_progress, int until = 0) = 0;
  /// Computes the test figures of a finished trial. Nothing is ever chosen by them. A figure that
  /// is not sound makes the trial a diverged one.
  virtual Outcome evaluate_test() = 0;
  /// The result so far. Who runs trials notes in it what a trainer does not know: whether the trial
  /// is selected, the memory that it takes.
  virtual TrialRecord& record() = 0;
  /// The same, to be read.
  virtual const TrialRecord& record() const = 0;
  /// After Outcome::diverged: what became NaN or infinite, and where.
  virtual const std::string& divergence() const = 0;
  /// State for a checkpoint: the record, `parameters` of the best epoch, and what it takes to go
  /// on, unless patience or the goal ended the trial.
  virtual Archive save() const = 0;
  /// Goes on from a saved state. Throws InputError when it is of another trial or model, or at odds
  /// with the options.
  virtual void load(const Archive& archive) = 0;
};

/// Whether a trial has come to its end under these options: all epochs, no patience left, or the
/// goal. One that is done goes on where the options have more epochs than it was trained for.
bool training_ended(const TrialRecord& record, const TrainOptions& options);
/// Makes such a record one of a running trial: what was computed at its end is out of date.
void go_on(TrialRecord& record);

/// A trainer in the precision of the options. `record` names the trial; recurrence: the one that
/// `model` was made with. model and problem must outlive it.
std::unique_ptr<Trainer> make_trainer(const Model& model, const Recurrence& recurrence,
                                      const Problem& problem, const TrainOptions& options,
                                      const TrialRecord& record);

/// A model with the parameters that a trial which is done has saved: those of its best epoch, or of
/// one of kept_epochs(). Throws InputError when the archive is of another model or keeps no such
/// parameters.
TrainedModel trained_model(const Model& model, const Archive& archive, int epoch = 0);
/// The epochs whose parameters a trial keeps (TrainOptions::keep_every), the first one first.
std::vector<int> kept_epochs(const Archive& archive);

}  // namespace carousel
