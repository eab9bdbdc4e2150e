#pragma once

#include <filesystem>
#include <vector>

#include "inspect/inspected_run.hpp"

namespace carousel {

/// Where the run's study has `log: tensorboard`, writes what was found as curves into
/// RUN/inspect/ID/, a file for TensorBoard for each trial: of each gate and probe the share of its
/// elements and steps below 0.1 and above 0.9, and its mean. Steps are updates, so the curves have
/// a point for each model of the trial that was looked at. Throws EnvironmentError.
void log_inspection(const std::filesystem::path& run, const std::vector<InspectedModel>& models);

}  // namespace carousel
