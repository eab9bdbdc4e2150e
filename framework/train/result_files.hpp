#pragma once

#include <string>

#include "train/results.hpp"

namespace carousel {

/// results.csv: one row a trial. Figures that a trial has not got stay empty.
std::string results_csv(const StudyResults& results);

/// curves.csv: one row an epoch of a trial.
std::string curves_csv(const StudyResults& results);

/// baselines.csv: the models without learning.
std::string baselines_csv(const StudyResults& results);

}  // namespace carousel
