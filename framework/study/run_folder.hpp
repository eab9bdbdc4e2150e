#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "study/results.hpp"
#include "study/study_plan.hpp"

namespace carousel {

/// What a trial has saved: its record under the run's options, and everything else.
struct SavedTrial {
  TrialRecord record;  ///< of the archive
  Archive archive;     ///< the trial's checkpoint
};

/// The files of a run: study.yaml, run.json, cells/; study.h5, which holds the plan, how the run
/// came to be and what is known of its problems and cells; trials/ID/checkpoint.h5, the state of a
/// trial, written by whoever runs it and by nobody else. Everything else is made from these. A file
/// that is read back has a checksum; what a trial has saved must be of this run and that trial.
class RunFolder {
 public:
  /// Opens a run. Throws InputError when this is no run folder, one of an earlier version, or
  /// damaged.
  explicit RunFolder(std::filesystem::path folder);
  /// Writes a new run, before any trial has run. study: what study.yaml is to hold; it comes last.
  RunFolder(std::filesystem::path folder, StudyResults known, std::vector<PlannedTrial> planned,
            const StudyOptions& study);

  /// Where the run is.
  const std::filesystem::path& path() const { return folder_; }
  /// The study as it is in study.yaml, with changes of the form key.sub=value.
  StudyOptions options(const std::vector<std::string>& overrides = {}) const;
  /// The results without what trials have saved.
  const StudyResults& known() const { return known_; }
  /// The trials, in the order of the plan.
  const std::vector<PlannedTrial>& planned() const { return planned_; }
  /// Takes the place of known(), in study.h5 and run.json. For who holds the folder.
  void set_known(StudyResults known);
  /// Writes study.yaml again.
  void write_study(const StudyOptions& study) const;

  /// The folder of a trial; made where it is not there.
  std::filesystem::path trial_folder(const std::string& id) const;
  /// What a trial of planned() has saved; nothing where it has not begun. Throws InputError that
  /// says what is lost when it is damaged, or of another run or trial.
  std::optional<SavedTrial> saved(const PlannedTrial& trial) const;
  /// Writes a trial's checkpoint. Throws EnvironmentError; the old one is kept then.
  void write_trial(const std::string& id, const Archive& archive) const;
  /// The plan with what the trials have saved: of all of them, or of some places of planned().
  StudyPlan plan() const;
  /// The plan as if no trial had begun.
  StudyPlan plan_without_records() const { return {planned_, known_.problems, study_}; }
  /// As plan(): puts into `plan` what some trials have saved. trials: places of planned().
  void take_saved(StudyPlan& plan, const std::vector<std::size_t>& trials) const;
  /// The results so far. Needs neither the cells nor the data.
  StudyResults results() const;

 private:
  std::filesystem::path trial_file(const std::string& id) const;

  std::filesystem::path folder_;
  StudyResults known_;
  std::vector<PlannedTrial> planned_;
  StudyOptions study_;  // as known_ has it
};

}  // namespace carousel
