// Epochs of the first trial of a study as `carousel compare` trains it, without validation and
// files: the other half of bench/epoch.
//   bench_epoch THREADS EPOCHS STUDY.yaml [key.sub=value ...]
// prints a line for each epoch:
//   epoch SECONDS LOSS UPDATES SCAN
// SCAN: the seconds in compiled scans, of all threads together.

#include <tbb/global_control.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "cells/catalogue.hpp"
#include "study/set_up.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

// A problem whose validation split is one example, since no trainer goes without.
class HardlyValidated final : public Problem {
 public:
  explicit HardlyValidated(const Problem& problem) : problem_(problem) {}

  std::string name() const override { return problem_.name(); }
  std::string description() const override { return problem_.description(); }
  Index size(Split split) const override {
    return split == Split::valid ? 1 : problem_.size(split);
  }
  Index length(Split split, ExampleId id) const override { return problem_.length(split, id); }
  Index terms(Split split, ExampleId id) const override { return problem_.terms(split, id); }
  Order order() const override { return problem_.order(); }
  const std::vector<Metric>& metrics() const override { return problem_.metrics(); }
  std::size_t loss_metric() const override { return problem_.loss_metric(); }
  std::unique_ptr<Model> model(Recurrence& recurrence) const override {
    return problem_.model(recurrence);
  }

 private:
  const Problem& problem_;
};

void train(int threads, int epochs, const StudyOptions& study) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  CellRegistry registry;
  register_catalogue(registry);
  const StudySetUp set_up(study, registry, "", [](const std::string& warning) {
    std::fprintf(stderr, "%s\n", warning.c_str());
  });
  const PlannedTrial& trial = set_up.planned().front();
  const StudyOptions options = options_of(set_up.options(), trial.record);
  const Cell cell = set_up.cell(trial.cell, options);
  const HardlyValidated problem(set_up.problem(trial.problem));
  Recurrence recurrence(cell, trial.record.hidden, options.model, options.train.segments);
  const auto model = problem.model(recurrence);
  const auto trainer = make_trainer(*model, recurrence, problem, options.train, trial.record);

  auto begun = std::chrono::steady_clock::now();
  double scan_begun = 0.0;
  const auto on_progress = [&](const Progress& p) {
    if (!p.epoch_ended) return;
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> spent = now - begun;
    const double scan = recurrence.scan_seconds();
    std::printf("epoch %.6f %.6f %td %.6f\n", spent.count(), p.train,
                std::ptrdiff_t(trainer->record().curve.back().updates), scan - scan_begun);
    begun = now;
    scan_begun = scan;
  };
  if (trainer->run(false, on_progress, epochs) == Outcome::diverged) {
    throw EnvironmentError(trainer->divergence());
  }
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  const int threads = argc > 3 ? std::atoi(argv[1]) : 0, epochs = argc > 3 ? std::atoi(argv[2]) : 0;
  if (threads < 1 || epochs < 1) {
    std::fprintf(stderr, "bench_epoch: expected THREADS EPOCHS STUDY.yaml [key.sub=value ...]\n");
    return 2;
  }
  try {
    const std::vector<std::string> changes(argv + 4, argv + argc);
    carousel::train(threads, epochs, carousel::read_study(argv[3], changes));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_epoch: %s\n", error.what());
    return 2;
  }
  return 0;
}
