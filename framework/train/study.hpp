#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "train/trainer.hpp"

namespace carousel {

/// Where a study is.
struct StudyProgress {
  int ended = 0;   // trials
  int trials = 0;  // in all
  double seconds_left = 0.0;
};

/// What the user of a study hears while it runs, never from two threads at a time.
struct StudyListener {
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
  std::filesystem::path folder;
  std::string data_dir;  // --data
  int threads = 0;       // 0: as many as the machine has; results do not depend on it
};

/// Starts a study in a new run folder: study.yaml, run.json, and with each checkpoint
/// checkpoint.h5, results.csv, curves.csv and baselines.csv. Trials run side by side, one on each
/// thread; the results do not depend on it. Trials of one seed take the same data order and, for
/// parameters of the same name and shape, the same first values. Test figures are computed for
/// selected trials alone, after the choice.
/// Returns all trials; one that `stop` interrupted has the status "running".
/// Throws InputError when the folder holds a run already.
StudyResults start_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                         const std::atomic<bool>& stop, const StudyListener& listener);

/// Goes on with the study of a run folder from its last checkpoint.
StudyResults resume_study(CellRegistry& registry, const StudyRun& run,
                          const std::atomic<bool>& stop, const StudyListener& listener);

/// The results that a run folder holds. Needs neither the cells nor the data.
StudyResults load_results(const std::filesystem::path& folder);

}  // namespace carousel
