#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "study/results.hpp"
#include "study/study_plan.hpp"

namespace carousel {

/// The files of a run: study.yaml, run.json, cells/; study.h5, which holds the plan and what is
/// known of its problems and cells; trials/ID/checkpoint.h5, the state of a trial, written by
/// whoever runs it and by nobody else. Everything else is made from these.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& path() const { return folder_; }
  /// The study as it was resolved. Throws InputError when this is no run folder, or one of an
  /// earlier version.
  StudyOptions options() const;
  /// Writes what is known before any trial runs.
  void write_plan(const StudyResults& results, const std::vector<PlannedTrial>& planned) const;
  std::vector<PlannedTrial> plan() const;
  /// What write_plan() was given: results without trials. Throws InputError as options() does.
  StudyResults known() const;
  /// The folder of a trial; made where it is not there.
  std::filesystem::path trial_folder(const std::string& id) const;
  /// What a trial has saved; nothing where it has not begun.
  std::optional<Archive> trial(const std::string& id) const;
  void write_trial(const std::string& id, const Archive& archive) const;
  /// The results so far. Needs neither the cells nor the data.
  StudyResults results() const;

 private:
  std::filesystem::path trial_file(const std::string& id) const;

  std::filesystem::path folder_;
};

}  // namespace carousel
