#pragma once

#include <string>
#include <vector>

#include "study/provenance.hpp"
#include "task/problem.hpp"
#include "train/trial_record.hpp"

namespace carousel {

/// A figure of a paper that is shown beside ours.
struct PublishedResult {
  std::string source;   ///< "Chung et al. 2014, table 2"
  std::string dataset;  ///< name of the problem
  std::string cell;     ///< the cell of the study that it belongs to, or the model's own name
  Figures figures;      ///< by metric, as the paper has them
};

/// What results say of a problem.
struct StudyProblem {
  std::string name;                 ///< the trials' dataset
  std::string task;                 ///< in the table of tasks
  std::string description;          ///< Problem::description()
  std::vector<MetricInfo> metrics;  ///< the first one chooses
  std::string loss;                 ///< the metric that is the loss
  std::vector<Baseline> baselines;  ///< with their figures

  /// The metric by which everything is chosen.
  const MetricInfo& chooses() const { return metrics.front(); }
};

/// What the best trial of a cell on a problem has to show.
struct StudyExhibit {
  std::string dataset;  ///< name of the problem
  std::string cell;     ///< name and variant
  Exhibit exhibit;      ///< of its best selected trial
};

/// Everything that tables and pages are made of.
struct StudyResults {
  /// Throws BugError when there is no problem of that name.
  const StudyProblem& problem(const std::string& name) const;

  std::string study;                       ///< its name
  std::string description;                 ///< a line or two of the study's author
  std::string study_yaml;                  ///< the resolved study
  Provenance provenance;                   ///< what the results depend on, and who ran them when
  Facts cell_texts;                        ///< name -> equations, conventions
  std::vector<StudyProblem> problems;      ///< in the order of the study
  std::vector<TrialRecord> trials;         ///< by problem, cell: first the search, then the seeds
  std::vector<PublishedResult> published;  ///< of the study's file
  std::vector<StudyExhibit> exhibits;      ///< by problem and cell
};

/// "lstm, depth=2": a name with its point of the grid, keys without their group.
std::string name_at_point(const std::string& name, const std::string& setting);
/// The keys that grid and search set, in order of first appearance, but for the learning rate, the
/// hidden size and the number of parameters, which a record has anyway.
std::vector<std::string> swept_keys(const StudyResults& results);
/// What one of them is in a trial; empty where it has none.
std::string swept_value(const TrialRecord& trial, const std::string& key);

}  // namespace carousel
