#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "data/sequence_set.hpp"
#include "train/results.hpp"
#include "train/study_options.hpp"

namespace carousel {

/// One cell on one data set: the trials that belong together.
struct StudyCase {
  std::size_t dataset = 0;         // of StudyOptions::datasets
  std::size_t cell = 0;            // of StudyOptions::cells
  std::vector<std::size_t> draws;  // trials of the search: one rate each, all with the first seed
  std::vector<std::size_t> seeds;  // trials that are selected by plan: of the given rate, or, after
                                   // a search, of the chosen one with the other seeds
  bool chosen = false;             // the search has ended

  /// Any trial of the case.
  std::size_t first_trial() const { return draws.empty() ? seeds.front() : draws.front(); }
};

/// All trials of a study, and which of them may run. Not for use by several threads at a time.
class StudyPlan {
 public:
  /// cells and sets: those of the options, in their order. Solves hidden sizes.
  StudyPlan(const StudyOptions& options, const std::vector<Cell>& cells,
            const std::vector<SequenceSet>& sets);

  std::vector<TrialRecord>& trials() { return trials_; }
  const std::vector<TrialRecord>& trials() const { return trials_; }
  const std::vector<StudyCase>& cases() const { return cases_; }
  const StudyCase& case_of(std::size_t trial) const { return cases_[of_case_[trial]]; }
  /// The name of a trial in a checkpoint: one of its own, which does not depend on the outcome of
  /// others.
  const std::string& key(std::size_t trial) const { return keys_[trial]; }
  const std::vector<std::string>& keys() const { return keys_; }

  /// The trials that can run now: those without a search and the draws, and of each case whose
  /// draws have all ended the best draw, for its test figures, and the other seeds. Chooses that
  /// best draw: the lowest validation NLL, of equal ones the first. A trial is returned once.
  std::vector<std::size_t> take_ready();

  /// The best draw of a case so far: the lowest validation NLL of those that are done.
  std::optional<std::size_t> best_draw(const StudyCase& one) const;
  /// The same of a case's selected trials.
  std::optional<std::size_t> best_selected(const StudyCase& one) const;

 private:
  void add_trial(const TrialRecord& record, std::vector<std::size_t>& to, const std::string& key);
  void choose(StudyCase& one);

  std::vector<StudyCase> cases_;
  std::vector<TrialRecord> trials_;
  std::vector<std::size_t> of_case_;  // of each trial
  std::vector<std::string> keys_;     // of each trial
  std::vector<char> taken_;           // of each trial: take_ready() gave it
};

/// Whether a trial has come to its end.
bool has_ended(const TrialRecord& record);

/// The hidden size whose cell has the number of trained parameters nearest to `wanted`, counted
/// over `depth` layers without an output layer; of two equally near ones the smaller. Sizes that
/// the cell can't be built for are left out. Throws InputError when even the smallest is above
/// twice the number wanted.
int hidden_for_parameters(const Cell& cell, Index input, int depth, std::int64_t wanted);

}  // namespace carousel
