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

  const StudyOptions& options() const { return options_; }
  /// The options as a run folder keeps them: cells from files are read from its own copies.
  StudyOptions options_in_run() const;
  const CellRegistry& registry() const { return registry_; }
  /// As options().cells, with their changes.
  const std::vector<Cell>& cells() const { return cells_; }
  /// Of options().tasks. Throws BugError for one that was not set up.
  const Problem& problem(std::size_t index) const;
  /// The problem of a trial of the run folder `run`. Throws InputError where the trial was planned
  /// for another one: the data is not that of the run.
  const Problem& problem_of(const PlannedTrial& trial, const std::filesystem::path& run) const;
  const std::vector<PlannedTrial>& planned() const { return planned_; }
  /// Everything that is known before a trial runs; trials as they are planned.
  StudyResults results(int threads) const;

 private:
  void resolve_cells(const std::function<void(const std::string&)>& warn);
  std::unique_ptr<Problem> set_up(const StudyTask& task, const std::string& data_dir,
                                  const std::function<void(const std::string&)>& warn) const;
  std::vector<std::pair<std::string, std::string>> cell_texts() const;

  StudyOptions options_;
  CellRegistry& registry_;
  std::vector<Cell> cells_;
  std::vector<std::unique_ptr<Problem>> problems_;
  std::vector<PlannedTrial> planned_;
};

/// What results say of a problem.
StudyProblem describe(const Problem& problem, const std::string& task);

}  // namespace carousel
