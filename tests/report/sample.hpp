#pragma once

#include <cstdint>
#include <string>

#include "study/results.hpp"

namespace carousel {

/// A finished trial without a curve.
inline TrialRecord finished_trial(const std::string& cell, std::uint64_t seed, double test_nll) {
  TrialRecord trial;
  trial.cell = cell;
  trial.dataset = "tunes";
  trial.hidden = 36;
  trial.parameters = 9000;
  trial.cell_parameters = 8000;
  trial.seed = seed;
  trial.learning_rate = 0.001;
  trial.selected = true;
  trial.epochs = 20;
  trial.best_epoch = 10;
  trial.train_nll = test_nll - 1.0;
  trial.valid_nll = test_nll + 0.5;
  trial.test_nll = test_nll;
  trial.train_nll_by_sequence = test_nll - 1.25;
  trial.valid_nll_by_sequence = test_nll + 0.25;
  trial.test_nll_by_sequence = test_nll - 0.25;
  trial.seconds = 40.0;
  trial.memory = 12300000;
  trial.status = "done";
  return trial;
}

/// A point whose training NLL is the validation NLL less one.
inline CurvePoint curve_point(int epoch, double seconds, double valid_nll) {
  CurvePoint point;
  point.epoch = epoch;
  point.updates = 10 * epoch;
  point.seconds = seconds;
  point.train_nll = valid_nll - 1.0;
  point.valid_nll = valid_nll;
  return point;
}

}  // namespace carousel
