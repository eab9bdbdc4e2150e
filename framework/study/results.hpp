#pragma once

#include <string>
#include <vector>

#include "study/provenance.hpp"
#include "task/problem.hpp"
#include "train/trial_record.hpp"

namespace carousel {

/// A figure of a paper that is shown beside ours.
struct PublishedResult {
  std::string source;  // "Chung et al. 2014, table 2"
  std::string dataset;
  std::string cell;  // the cell of the study that it belongs to, or the model's own name
  Figures figures;
};

/// What results say of a problem.
struct StudyProblem {
  std::string name;  // the trials' dataset
  std::string task;
  std::string description;
  std::vector<MetricInfo> metrics;  // the first one chooses
  std::string loss;                 // the metric that is the loss
  std::vector<Baseline> baselines;

  const MetricInfo& chooses() const { return metrics.front(); }
};

/// What the best trial of a cell on a problem has to show.
struct StudyExhibit {
  std::string dataset;
  std::string cell;  // name and variant
  Exhibit exhibit;
};

/// Everything that tables and pages are made of.
struct StudyResults {
  /// Throws BugError when there is no problem of that name.
  const StudyProblem& problem(const std::string& name) const;

  std::string study;
  std::string description;  // a line or two of the study's author
  std::string study_yaml;   // the resolved study
  Provenance provenance;
  Facts cell_texts;  // name -> equations, conventions
  std::vector<StudyProblem> problems;
  std::vector<TrialRecord> trials;  // by problem, cell: first the search, then the seeds
  std::vector<PublishedResult> published;
  std::vector<StudyExhibit> exhibits;
};

}  // namespace carousel
