#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study/results.hpp"

namespace carousel {

/// What a problem of music says of itself, without baselines.
inline StudyProblem music_problem(const std::string& name) {
  StudyProblem problem;
  problem.name = name;
  problem.task = "next_frame";
  problem.metrics = {{"nll", "NLL", "nats per step"},
                     {"nll_by_sequence", "NLL by sequence", "nats per step"}};
  problem.loss = "nll";
  return problem;
}

/// Results on problems of music, without trials.
inline StudyResults study_on(const std::vector<std::string>& names) {
  StudyResults results;
  for (const std::string& name : names) results.problems.push_back(music_problem(name));
  return results;
}

inline SplitFigures figures_of(double train, double valid, double test) {
  SplitFigures figures;
  figures.values = {train, valid, test};
  return figures;
}

/// A finished trial on music, without a curve.
inline TrialRecord finished_trial(const std::string& cell, std::uint64_t seed, double test_nll) {
  TrialRecord trial;
  trial.cell = cell;
  trial.task = "next_frame";
  trial.dataset = "tunes";
  trial.hidden = 36;
  trial.parameters = 9000;
  trial.cell_parameters = 8000;
  trial.seed = seed;
  trial.learning_rate = 0.001;
  trial.selected = true;
  trial.epochs = 20;
  trial.best_epoch = 10;
  trial.metrics = {"nll", "nll_by_sequence"};
  trial.loss = "nll";
  trial.figures["nll"] = figures_of(test_nll - 1.0, test_nll + 0.5, test_nll);
  trial.figures["nll_by_sequence"] = figures_of(test_nll - 1.25, test_nll + 0.25, test_nll - 0.25);
  trial.seconds = 40.0;
  trial.memory = 12300000;
  trial.status = "done";
  return trial;
}

/// The NLL of a trial, to be changed.
inline double& nll_of(TrialRecord& trial, Split split) { return trial.figures["nll"][split]; }

/// A baseline of which the NLL on test is known alone.
inline Baseline baseline_of(const std::string& name, double test_nll) {
  return {name, {{"nll", figures_of(not_known, not_known, test_nll)}}};
}

/// A paper's NLL of a cell.
inline PublishedResult published_nll(const std::string& source, const std::string& dataset,
                                     const std::string& cell, double train, double test) {
  return {source, dataset, cell, {{"nll", figures_of(train, not_known, test)}}};
}

/// A point whose training NLL is the validation NLL less one.
inline CurvePoint curve_point(int epoch, double seconds, double valid_nll) {
  CurvePoint point;
  point.epoch = epoch;
  point.updates = 10 * epoch;
  point.seconds = seconds;
  point.train = valid_nll - 1.0;
  point.valid = {valid_nll, valid_nll - 0.25};
  return point;
}

}  // namespace carousel
