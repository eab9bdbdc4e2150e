#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "cell/cell.hpp"
#include "train/trainer.hpp"

namespace carousel {

/// What a trial is made of: the unit of work that runs anywhere. Everything that its result depends
/// on is here, and in what the trial has saved.
struct TrialJob {
  const Problem& problem;  ///< set up
  const Cell& cell;        ///< with its changes
  ModelOptions model;      ///< what is around the cell
  TrainOptions train;      ///< but for the rate, which the record has
  TrialRecord record;      ///< cell, problem, hidden size, rate, seed; selected or not
  std::map<std::string, std::string> texts;  ///< that its archive keeps
  int until = 0;  ///< epochs after which it pauses, for the search to choose who goes on; 0: none
};

/// What the caller of run_trial hears, from the trial's own thread.
struct TrialHooks {
  /// After each update.
  std::function<void(const TrialRecord&, const Progress&)> progress;
  /// A state to go on from, at most every TrainOptions::checkpoint_seconds, at the end of an epoch.
  std::function<void(const Archive&)> checkpoint;
};

/// Runs one trial: from its start, or from the state that it saved, until its end, its pause, or
/// until `stop` is set. A trial that is done already gets its test figures, if it is selected.
/// Shares nothing with other trials: it holds no lock and writes no file. The same job and archive
/// end in the same bits. Returns the archive with the trial's record, and a text "divergence" where
/// it diverged. Throws InputError when `saved` is of another model.
Archive run_trial(const TrialJob& job, const Archive* saved, const std::atomic<bool>& stop,
                  const TrialHooks& hooks);

/// Puts exhibits into an archive, for load_exhibits().
void save_exhibits(const std::vector<Exhibit>& exhibits, Archive& archive);

/// The exhibits that an archive of a selected trial holds.
std::vector<Exhibit> load_exhibits(const Archive& archive);

/// Leaves of an archive what tables and curves need: the parameters of most draws of a search are
/// never read again.
void drop_parameters(Archive& archive);

}  // namespace carousel
