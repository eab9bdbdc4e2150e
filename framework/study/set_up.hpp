#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "study/study_plan.hpp"

namespace carousel {

/// A study with its cells found and its problems set up.
class StudySetUp {
 public:
  /// `registry` takes in cells from files and must outlive it; warn hears of odd cells and of data
  /// that something else stands in for.
  StudySetUp(const StudyOptions& options, CellRegistry& registry, const std::string& data_dir,
             const std::function<void(const std::string&)>& warn);
  /// The same with one problem alone, for who runs one trial.
  StudySetUp(const StudyOptions& options, CellRegistry& registry, const std::string& data_dir,
             const std::function<void(const std::string&)>& warn, std::size_t only_problem);

  /// As given.
  const StudyOptions& options() const { return options_; }
  /// The options as a run folder keeps them: cells from files are read from its own copies.
  StudyOptions options_in_run() const;
  /// Holds the cells from files too.
  const CellRegistry& registry() const { return registry_; }
  /// A cell by its place in a study's cells, with its changes there: those of options(), or of what
  /// options_of() a trial gives.
  Cell cell(std::size_t index, const StudyOptions& study) const;
  /// Of options().tasks. Throws BugError for one that was not set up.
  const Problem& problem(std::size_t index) const;
  /// The trials: plan_trials() of these cells and problems.
  const std::vector<PlannedTrial>& planned() const { return planned_; }
  /// Everything that is known before a trial runs, but of no run.
  StudyResults known() const;
  /// What results depend on beside the program: plug-ins, data, cells from files, every key of the
  /// study. Of data: that of the problems that are set up.
  Facts inputs() const;

 private:
  void resolve_cells(const std::function<void(const std::string&)>& warn);
  std::unique_ptr<Problem> set_up(const StudyTask& task, const std::string& data_dir,
                                  const std::function<void(const std::string&)>& warn) const;
  void describe_cells(StudyResults& known) const;

  StudyOptions options_;
  CellRegistry& registry_;
  std::vector<Cell> cells_;  // without their changes
  std::vector<std::unique_ptr<Problem>> problems_;
  std::vector<PlannedTrial> planned_;
};

/// What results say of a problem. name: what they call it; task: its name in the table of tasks.
StudyProblem describe(const Problem& problem, const std::string& name, const std::string& task);

}  // namespace carousel
