#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/archive.hpp"
#include "train/results.hpp"

namespace carousel {

/// The archive of a checkpoint that holds what a study knows beside its trials.
inline constexpr const char* study_key = "study";

/// Everything of the results but the figures of trials that have an archive of their own.
/// keys: the names of the trials' archives, in the order of results.trials.
Archive study_archive(const StudyResults& results, const std::vector<std::string>& keys);

/// The results that a checkpoint holds. Needs neither cells nor data. Throws InputError when the
/// archives are of another form.
StudyResults results_of(const std::map<std::string, Archive>& archives);

}  // namespace carousel
