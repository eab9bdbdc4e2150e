#include "train/result_files.hpp"

#include <fmt/core.h>

#include <cmath>

namespace carousel {
namespace {

// The shortest text that reads back to the same number; nothing for an unknown one.
std::string figure(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

}  // namespace

std::string results_csv(const StudyResults& results) {
  std::string csv =
      "study,cell,variant,dataset,hidden,parameters,seed,learning_rate,epochs,best_epoch,"
      "train_nll,valid_nll,test_nll,seconds,status,draw,selected,cell_parameters,"
      "train_nll_by_sequence,valid_nll_by_sequence,test_nll_by_sequence,overflows\n";
  for (const TrialRecord& r : results.trials) {
    csv +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},", results.study, r.cell, r.variant, r.dataset,
                    r.hidden, r.parameters, r.seed, r.learning_rate, r.epochs, r.best_epoch);
    csv +=
        fmt::format("{},{},{},{:.3f},{},{},{},{},{},{},{},{}\n", figure(r.train_nll),
                    figure(r.valid_nll), figure(r.test_nll), r.seconds, r.status, r.draw,
                    r.selected ? 1 : 0, r.cell_parameters, figure(r.train_nll_by_sequence),
                    figure(r.valid_nll_by_sequence), figure(r.test_nll_by_sequence), r.overflows);
  }
  return csv;
}

std::string curves_csv(const StudyResults& results) {
  std::string csv =
      "study,cell,variant,dataset,seed,epoch,updates,seconds,train_nll,valid_nll,draw\n";
  for (const TrialRecord& r : results.trials) {
    for (const CurvePoint& p : r.curve) {
      csv += fmt::format("{},{},{},{},{},{},{},{:.3f},{},{},{}\n", results.study, r.cell, r.variant,
                         r.dataset, r.seed, p.epoch, p.updates, p.seconds, p.train_nll, p.valid_nll,
                         r.draw);
    }
  }
  return csv;
}

std::string baselines_csv(const StudyResults& results) {
  std::string csv =
      "study,dataset,baseline,train_nll,valid_nll,test_nll,train_nll_by_sequence,"
      "valid_nll_by_sequence,test_nll_by_sequence\n";
  for (const Baseline& b : results.baselines) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{}\n", results.study, b.dataset, b.name,
                       figure(b.train_nll), figure(b.valid_nll), figure(b.test_nll),
                       figure(b.train_nll_by_sequence), figure(b.valid_nll_by_sequence),
                       figure(b.test_nll_by_sequence));
  }
  return csv;
}

}  // namespace carousel
