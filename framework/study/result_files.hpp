#pragma once

#include <string>

#include "study/results.hpp"

namespace carousel {

/// results.csv: one row a trial: its fields (visit_trial_fields), then train_, valid_ and test_ of
/// every metric. Figures that a trial has not got stay empty.
std::string results_csv(const StudyResults& results);

/// curves.csv: one row an epoch of a trial: the loss, and the validation figures.
std::string curves_csv(const StudyResults& results);

/// baselines.csv: the figures of the simple models that each task is judged by.
std::string baselines_csv(const StudyResults& results);

}  // namespace carousel
