#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "study/study_options.hpp"

namespace carousel {

/// A trial of a study before it has run.
struct PlannedTrial {
  std::string id;  ///< of its own, fit for a folder's name; does not depend on the outcome of
                   ///< others
  std::size_t problem = 0;  ///< of StudyOptions::tasks
  std::size_t cell = 0;     ///< of StudyOptions::cells
  TrialRecord record;       ///< with what is known of it so far
};

/// All trials of a study: by problem and cell, first the draws of the search, then the seeds.
/// cells and problems: those of the options, in their order. Solves hidden sizes. Throws InputError
/// where a cell, as it is resolved, stands there twice.
std::vector<PlannedTrial> plan_trials(const StudyOptions& options, const std::vector<Cell>& cells,
                                      const std::vector<std::unique_ptr<Problem>>& problems);

/// One cell on one problem: the trials that belong together.
struct StudyCase {
  std::vector<std::size_t> draws;  ///< trials of the search: one rate each, all with the first seed
  std::vector<std::size_t> seeds;  ///< trials that are selected by plan: of the given rate, or,
                                   ///< after a search, of the chosen one with the other seeds
  bool chosen = false;             ///< the search has ended

  /// Any trial of the case.
  std::size_t first_trial() const { return draws.empty() ? seeds.front() : draws.front(); }
};

/// The trials of a study, and which of them may run. Not for use by several threads at a time.
class StudyPlan {
 public:
  /// problems: what they are called, and which figure chooses.
  StudyPlan(const std::vector<PlannedTrial>& planned, const std::vector<StudyProblem>& problems);

  ///@{
  /// The records, in the order of the plan. Who runs a trial puts its record here.
  std::vector<TrialRecord>& trials() { return trials_; }
  const std::vector<TrialRecord>& trials() const { return trials_; }
  ///@}
  /// By problem and cell.
  const std::vector<StudyCase>& cases() const { return cases_; }
  /// The case of a trial, by its place.
  const StudyCase& case_of(std::size_t trial) const { return cases_[of_case_[trial]]; }
  /// A trial as it was planned, by its place.
  const PlannedTrial& planned(std::size_t trial) const { return planned_[trial]; }
  /// All of them, in the order of the plan.
  const std::vector<PlannedTrial>& planned() const { return planned_; }
  /// The place of a trial. Throws InputError with a suggestion when there is no such id.
  std::size_t find(const std::string& id) const;

  /// The trials that can run now: those without a search and the draws, and of each case whose
  /// draws have all ended the best draw, for its test figures, and the other seeds. Chooses that
  /// best draw: the best validation figure, of equal ones the first. A trial is returned once.
  std::vector<std::size_t> take_ready();

  /// The same for reports: chooses where all draws have ended, and takes nothing.
  void choose();

  /// The best draw of a case so far: the best validation figure of those that are done.
  std::optional<std::size_t> best_draw(const StudyCase& one) const;
  /// The same of a case's selected trials.
  std::optional<std::size_t> best_selected(const StudyCase& one) const;

 private:
  void choose(StudyCase& one);
  std::optional<std::size_t> best_of(const std::vector<std::size_t>& among) const;

  std::vector<PlannedTrial> planned_;
  std::vector<TrialRecord> trials_;
  std::vector<StudyCase> cases_;
  std::vector<MetricInfo> chooses_;   // of each case
  std::vector<std::size_t> of_case_;  // of each trial
  std::vector<char> taken_;           // of each trial: take_ready() gave it
};

/// Whether a trial has come to its end.
bool has_ended(const TrialRecord& record);

/// The hidden size whose cell has the number of trained parameters nearest to `wanted`, counted
/// over the recurrent layers of the problem's model; of two equally near ones the smaller. Sizes
/// that the cell can't be built for are left out. Compiles nothing. Throws InputError when even the
/// smallest is above twice the number wanted.
int hidden_for_parameters(const Cell& cell, const Problem& problem, const ModelOptions& model,
                          std::int64_t wanted);

}  // namespace carousel
