#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "study/study_options.hpp"
#include "train/trial_record.hpp"

namespace carousel {

/// A trial of a study before it has run.
struct PlannedTrial {
  std::string id;  ///< of its own, fit for a folder's name; does not depend on the outcome of
                   ///< others
  std::size_t problem = 0;  ///< of StudyOptions::tasks
  std::size_t cell = 0;     ///< of StudyOptions::cells
  TrialRecord record;       ///< with what is known of it so far
};

/// What results call the problems of a study's tasks: Problem::name(), and where several have the
/// same, behind it each option in which these differ, with its value: "speech_digits_hop=20".
std::vector<std::string> problem_names(const std::vector<StudyTask>& tasks,
                                       const std::vector<std::unique_ptr<Problem>>& problems);

/// All trials of a study: by problem, cell and point of the grid, first the draws of the search,
/// then the seeds. cells: those of the options, without their changes; problems: in their order.
/// Solves hidden sizes. Throws InputError where a cell, as it is resolved, stands there twice.
std::vector<PlannedTrial> plan_trials(const StudyOptions& options, const std::vector<Cell>& cells,
                                      const std::vector<std::unique_ptr<Problem>>& problems);

/// What a trial sets: its point of the grid, then its draw.
Settings settings_of(const TrialRecord& trial);
/// The study as one trial has it: with all of that.
StudyOptions options_of(const StudyOptions& options, const TrialRecord& trial);

}  // namespace carousel
