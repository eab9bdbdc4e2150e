#pragma once

#include <optional>
#include <string>
#include <vector>

#include "study/planned_trials.hpp"
#include "study/results.hpp"

namespace carousel {

/// One cell on one problem at one point of the grid: the trials that belong together.
struct StudyCase {
  std::vector<std::size_t> draws;  ///< trials of the search, all with the first seed
  std::vector<std::size_t> seeds;  ///< trials that are selected by plan; after a search they have
                                   ///< what the chosen draw has, with the other seeds
  bool chosen = false;             ///< the search has ended
  int until = 0;  ///< epochs at which the draws that still run wait for each other; 0: none

  /// Any trial of the case.
  std::size_t first_trial() const { return draws.empty() ? seeds.front() : draws.front(); }
};

/// The trials of a study, and which of them may run. Not for use by several threads at a time.
class StudyPlan {
 public:
  /// problems: what they are called, and which figure chooses. study: how a search halves.
  StudyPlan(const std::vector<PlannedTrial>& planned, const std::vector<StudyProblem>& problems,
            const StudyOptions& study);

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
  /// best draw: the best validation figure, of equal ones the first. Where the search halves, the
  /// draws run to the next stop, and when all are there, the best ones run on; the others become
  /// "pruned". A trial is returned once, until put() brings it back.
  std::vector<std::size_t> take_ready();
  /// What a trial that take_ready() returned has reached.
  void put(std::size_t trial, TrialRecord record);
  /// The epochs after which a trial that take_ready() returned pauses; 0: none.
  int until(std::size_t trial) const {
    return trials_[trial].draw > 0 && !trials_[trial].selected ? case_of(trial).until : 0;
  }

  /// The same for reports: chooses where all draws have ended, and takes nothing.
  void choose();

  /// The best draw of a case so far: the best validation figure of those that are done.
  std::optional<std::size_t> best_draw(const StudyCase& one) const;
  /// The same of a case's selected trials.
  std::optional<std::size_t> best_selected(const StudyCase& one) const;

 private:
  void choose(StudyCase& one);
  void prune(StudyCase& one);
  std::optional<std::size_t> best_of(const std::vector<std::size_t>& among) const;

  std::vector<PlannedTrial> planned_;
  std::vector<TrialRecord> trials_;
  std::vector<StudyCase> cases_;
  std::vector<MetricInfo> chooses_;   // of each case
  std::vector<std::size_t> of_case_;  // of each trial
  std::vector<char> taken_;           // of each trial: take_ready() gave it
  std::vector<int> stops_;            // epochs at which draws are pruned
  int factor_ = 1;                    // one of so many goes on
};

/// Whether a trial has come to its end.
bool has_ended(const TrialRecord& record);

}  // namespace carousel
