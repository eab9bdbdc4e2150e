#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "study/study_options.hpp"
#include "train/trainer.hpp"

namespace carousel {

/// Where a study is.
struct StudyProgress {
  int ended = 0;              ///< trials
  int trials = 0;             ///< in all
  double seconds_left = 0.0;  ///< estimate; NaN: there is none yet
};

/// What the user of a study hears while it runs, never from two threads at a time.
struct StudyListener {
  /// Everything is set up; from now on `stop` is obeyed.
  std::function<void()> begins = [] {};
  /// A line of what the study does.
  std::function<void(const std::string&)> note = [](const std::string&) {};
  /// A warning or the reason of a divergence.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  /// A trial made an update. Where the study is costs a walk over all trials: ask when it is shown.
  std::function<void(const std::function<StudyProgress()>& study, const TrialRecord&,
                     const Progress&)>
      progress = [](const std::function<StudyProgress()>&, const TrialRecord&, const Progress&) {};
  /// A trial ended, or the best draw of a search got its test figures.
  std::function<void(int ended, int trials, const TrialRecord&)> trial_ended =
      [](int, int, const TrialRecord&) {};
};

/// Where and how a study runs.
struct StudyRun {
  std::filesystem::path folder;  ///< the run folder
  std::string data_dir;          ///< --data
  int threads = 0;               ///< 0: as many as the machine has; results do not depend on it
  std::string command;           ///< as it was typed, for run.json
  bool accept_changes = false;   ///< go on with a run where what its results depend on has changed
};

/// Makes a run folder and writes what is known before any trial runs (RunFolder): the trials can
/// then be run by resume_study() or, each as a process of its own, by run_planned_trial(). Throws
/// InputError when the folder holds a run or anything else already.
void plan_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                const StudyListener& listener);

/// Starts a study in a new run folder. Trials run side by side, one on each thread; the results do
/// not depend on it. Trials of one seed take the same data order and, for parameters of the same
/// name and shape, the same first values. Test figures are computed for selected trials alone,
/// after the choice. Returns all trials; one that `stop` interrupted has the status "running".
/// Throws as plan_study() does.
StudyResults start_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                         const std::atomic<bool>& stop, const StudyListener& listener);

/// Goes on with the study of a run folder from what its trials have saved. overrides: changes of
/// the form key.sub=value, which the user makes openly; with more train.epochs, trials that have
/// ended go on. Throws InputError where anything else that the results depend on is not what it was
/// (program, libraries, data, cells, study.yaml), unless changes are accepted; run.json and the
/// report name those. A change that would make other trials is never accepted.
StudyResults resume_study(CellRegistry& registry, const StudyRun& run,
                          const std::vector<std::string>& overrides, const std::atomic<bool>& stop,
                          const StudyListener& listener);

/// Runs one trial of a run folder, and writes into that trial's folder alone. So trials can run as
/// processes of their own, on any machine that sees the folder. A trial that has ended, and wants
/// no test figures, is left as it is. Returns its record. Throws InputError when there is no such
/// trial, when another process has it, when it waits for the draws of a search, which are then
/// named, or as resume_study() does; a change that was accepted is kept with the trial.
TrialRecord run_planned_trial(CellRegistry& registry, const StudyRun& run, const std::string& id,
                              const std::atomic<bool>& stop, const StudyListener& listener);

/// A trial of a run folder, as far as it is.
struct TrialState {
  std::string id;      ///< of PlannedTrial
  std::string status;  ///< of its record
  bool ready = false;  ///< run_planned_trial() has something to do
};

/// Every trial of a run folder.
std::vector<TrialState> trial_states(const std::filesystem::path& folder);

/// The results that a run folder holds, which are also written to results.csv, curves.csv and
/// baselines.csv. Needs neither the cells nor the data. Draws of a search that were not chosen lose
/// their parameters.
StudyResults collect_study(const std::filesystem::path& folder);

}  // namespace carousel
