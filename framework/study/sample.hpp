#pragma once

#include <filesystem>
#include <string>

#include "cell/cell.hpp"
#include "task/model.hpp"
#include "train/trial_record.hpp"

namespace carousel {

/// Whose sample is drawn.
struct SampleOfRun {
  std::filesystem::path run;  ///< the run folder
  std::string data_dir;       ///< --data
  std::string cell;           ///< as TrialRecord::cell or name(); empty: any
  std::string dataset;        ///< empty: the only one
  SampleRequest request;      ///< what is drawn
};

/// A sample from a trained model of a run.
struct RunSample {
  TrialRecord trial;  ///< whose model it is
  Sample sample;      ///< what was drawn
};

/// Draws from the best model of a run's finished trials: of those that are selected, where there
/// are any, the one with the best validation figure. Throws InputError when the run has none, or
/// none of that cell and problem, or when models of its task can't be sampled.
RunSample sample_run(CellRegistry& registry, const SampleOfRun& wanted);

}  // namespace carousel
