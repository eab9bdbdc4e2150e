#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "study/planned_trials.hpp"
#include "study/study.hpp"

namespace carousel {

/// What a study will take, as far as a few updates of each kind of trial tell.
struct StudyEstimate {
  std::vector<PlannedTrial> trials;      ///< every one; seeds of a search wait for its choice
  std::vector<std::int64_t> parameters;  ///< of each trial's recurrent layers; 0 where it waits
  double seconds = 0.0;                  ///< of all trials side by side, if none ends early
  std::int64_t bytes = 0;                ///< of the run folder
  int timed = 0;                         ///< trials that were timed: one of each kind
};

/// Terms of the loss in the training, the validation and the test split.
using SplitTerms = std::array<double, 3>;

/// What a trial takes, in terms that are trained on: those of its epochs, and a third of each one
/// that is evaluated. study: with the settings of the trial. A draw of a search takes the epochs
/// that halving leaves it on average, and has no test figures.
double terms_to_train(const StudyOptions& study, bool is_draw, const SplitTerms& terms);

/// Plans a study and writes nothing. Of trials that differ in seed or learning rate alone, one is
/// timed for a few updates, as many side by side as threads will be; validation and test are
/// reckoned as a third of as many training steps. What halving stops is left out. Throws InputError
/// as plan_study() does, and Interrupted when `stop` is set.
StudyEstimate estimate_study(const StudyOptions& options, CellRegistry& registry,
                             const StudyRun& run, const std::atomic<bool>& stop,
                             const StudyListener& listener);

}  // namespace carousel
