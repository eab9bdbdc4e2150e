#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "inspect/inspection.hpp"
#include "study/open_model.hpp"
#include "study/results.hpp"

namespace carousel {

/// A model of a run at one moment of its training, and what was found inside.
struct InspectedModel {
  TrialRecord trial;  ///< whose it is
  std::string id;     ///< of the trial: the name of its folder
  int epoch = 0;      ///< behind which; 0: before training
  Inspection found;   ///< inside of it
};

/// What the caller of inspect_run() hears: "lstm on jsb_chorales, epoch 12".
using InspectionProgress = std::function<void(const std::string&)>;

/// Inspects models of a run: that of `wanted.trial`, or the best one of each cell on each data set
/// that `wanted` allows; before training, after each epoch that was kept, and after the best one.
/// Throws InputError as open_model() and inspect() do; Interrupted when it is asked to stop.
std::vector<InspectedModel> inspect_run(CellRegistry& registry, const ModelOfRun& wanted,
                                        const InspectOptions& options,
                                        const InspectionProgress& progress);

/// Writes what was found into RUN/inspect: gradients.csv, values.csv, matrices.csv, jacobians.csv,
/// exponents.csv and memory.csv, and all of it with the exhibits in inspection.h5. Throws
/// EnvironmentError.
void write_inspection(const std::filesystem::path& run, const std::vector<InspectedModel>& models);

/// Puts the exhibits of the run's last inspection, where there was one, behind those of `results`.
void add_inspection(const std::filesystem::path& run, StudyResults& results);

}  // namespace carousel
