#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "io/archive.hpp"
#include "train/results.hpp"
#include "train/shards.hpp"
#include "train/study_options.hpp"

namespace carousel {

/// Where a trial is, for a progress line.
struct Progress {
  int epoch = 0;  // running, counted from 1
  int epochs = 0;
  double done = 0.0;       // share of all epochs, 0 to 1
  double seconds = 0.0;    // of this trial so far
  double train_nll = 0.0;  // running mean of this epoch
  double valid_nll = 0.0;  // of the last epoch; NaN in the first
  double best_valid_nll = 0.0;
  int best_epoch = 0;  // 0: none yet
  bool epoch_ended = false;
};

/// How a run of a trainer ended.
enum class Outcome { finished, interrupted, diverged };

/// Trains one trial: shuffled batches, one update each, early stop on the validation NLL. All of
/// its state goes into an archive and back, in the middle of an epoch too: a trial that was
/// interrupted ends in the same bits as one that was not.
class Trainer {
 public:
  virtual ~Trainer() = default;

  /// Trains until the end, or until `stop` is set. on_progress is called after each update;
  /// it may save a checkpoint.
  virtual Outcome run(const std::atomic<bool>& stop,
                      const std::function<void(const Progress&)>& on_progress) = 0;
  /// Computes the test figures of a finished trial. Nothing is ever chosen by them.
  virtual void evaluate_test() = 0;
  /// Notes in the record whether the trial counts in the comparison.
  virtual void select(bool selected) = 0;
  /// Notes in the record what training takes, see training_memory().
  virtual void note_memory(std::int64_t bytes) = 0;
  /// The result so far.
  virtual const TrialRecord& record() const = 0;
  /// After Outcome::diverged: what became NaN or infinite, and where.
  virtual const std::string& divergence() const = 0;
  /// State for a checkpoint. A finished trial keeps its best parameters alone.
  virtual Archive save() const = 0;
  /// Goes on from a saved state. Throws InputError when it is of another model.
  virtual void load(const Archive& archive) = 0;
};

/// A trainer in the study's precision. `record` names the trial; model and set must outlive it.
std::unique_ptr<Trainer> make_trainer(const NextFrameModel& model, const SequenceSet& set,
                                      const StudyOptions& options, const TrialRecord& record);

/// The parameters of a trial that is done, in the order of model.parameters(). Throws InputError
/// when the archive is of another model or keeps no parameters.
template <class T>
std::vector<Tensor<T>> saved_parameters(const NextFrameModel& model, const Archive& archive);

/// Writes a record into an archive, and reads it back.
void save_record(const TrialRecord& record, Archive& archive);
TrialRecord load_record(const Archive& archive);

}  // namespace carousel
