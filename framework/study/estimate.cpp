#include "study/estimate.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <set>

#include "study/memory_needed.hpp"
#include "study/set_up.hpp"
#include "tensor/interrupt.hpp"
#include "train/parallel.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

// What a trial of one kind takes.
struct Cost {
  double per_term = 0.0;   // seconds of training
  std::int64_t bytes = 0;  // of its checkpoint
  std::int64_t parameters = 0;
};

// Trials of one kind take the same time: they differ in seed and rate at most.
std::string kind_of(const PlannedTrial& trial) {
  std::string kind = std::to_string(trial.problem) + " " + std::to_string(trial.cell) + " " +
                     std::to_string(trial.record.hidden) + " " + trial.record.setting;
  for (const auto& [key, value] : settings_of(trial.record.drawn)) {
    if (key != "train.learning_rate") kind += " " + key + "=" + value;
  }
  return kind;
}

std::int64_t bytes_of(const Archive& archive) {
  constexpr std::int64_t around = 20'000;  // names, record, curve
  std::int64_t bytes = around;
  for (const auto& [name, value] : archive.floats) {
    bytes += value.numel() * static_cast<std::int64_t>(sizeof(float));
  }
  for (const auto& [name, value] : archive.doubles) {
    bytes += value.numel() * static_cast<std::int64_t>(sizeof(double));
  }
  return bytes;
}

Index terms_of(const Problem& problem, Split split) {
  Index terms = 0;
  for (ExampleId id = 0; id < problem.size(split); ++id) terms += problem.terms(split, id);
  return terms;
}

constexpr double evaluation = 1.0 / 3.0;  // time of a term, of that in training

// The time of a term in training, from a trainer's progress. The first updates compile, fill caches
// and find memory, and do not count. Where epochs are short, whole ones count, but the first.
class TermClock {
 public:
  TermClock(const Problem& problem, const std::vector<Batch>& batches)
      : problem_(problem), batches_(batches) {
    const auto terms = [&](Split split) { return static_cast<double>(terms_of(problem, split)); };
    of_epoch_ = terms(Split::train) + evaluation * terms(Split::valid);
  }

  // True when enough is known.
  bool take(const Progress& progress) {
    constexpr std::size_t first = 4;
    const auto now = Clock::now();
    ++updates_;
    if (progress.epoch_ended) return end_epoch(progress, now);
    if (progress.epoch > 1) return false;
    if (updates_ == first) begun_ = now;
    if (updates_ <= first) return false;
    seconds_ = since(now);
    terms_ += static_cast<double>(terms_of(problem_, Split::train, batches_[updates_ - 1]));
    return is_enough();
  }
  // Seconds; whole: of a trial that ended before there was anything to count, its time.
  double per_term(double whole) const {
    return terms_ > 0.0 ? seconds_ / terms_ : whole / of_epoch_;
  }

 private:
  bool end_epoch(const Progress& progress, Clock::time_point now) {
    if (progress.epoch == 1) {
      begun_ = now;
      return progress.seconds > enough;  // what its last updates took has to do
    }
    seconds_ = since(now);
    terms_ = of_epoch_ * (progress.epoch - 1);
    return is_enough();
  }
  bool is_enough() const {
    constexpr std::size_t most = 60;  // updates
    return seconds_ > enough || updates_ >= most;
  }
  double since(Clock::time_point now) const {
    return std::chrono::duration<double>(now - begun_).count();
  }

  static constexpr double enough = 1.0;  // seconds

  const Problem& problem_;
  const std::vector<Batch>& batches_;
  double of_epoch_ = 0.0, seconds_ = 0.0, terms_ = 0.0;
  std::size_t updates_ = 0;
  Clock::time_point begun_{};
};

// Trains for a few updates or epochs.
Cost timed(const StudySetUp& set_up, const PlannedTrial& trial) {
  const StudyOptions study = options_of(set_up.options(), trial.record);
  const Cell cell = set_up.cell(trial.cell, study);
  const Problem& problem = set_up.problem(trial.problem);
  Recurrence recurrence(cell, trial.record.hidden, study.model, study.train.segments,
                        rounding_of(study.train));
  const auto model = problem.model(recurrence);
  expect_memory("trial " + trial.id,
                least_memory({problem, cell, study.model, study.train, trial.record, {}}));
  const auto trainer = make_trainer(*model, recurrence, problem, study.train, trial.record);
  const auto batches =
      training_batches(problem, study.train.batch, trial.record.seed, 0, study.train.examples);
  TermClock clock(problem, batches);
  std::atomic<bool> stop{false};
  trainer->run(stop, [&](const Progress& progress) { stop = clock.take(progress); });
  poll_stop();  // a trainer that was interrupted has ended early, and says nothing of time
  return {clock.per_term(trainer->record().seconds), bytes_of(trainer->save()),
          trainer->record().cell_parameters};
}

// Epochs of the draws of a case, as halving leaves them, on average.
double epochs_of_draws(const StudyOptions& study, int draws) {
  const auto& halving = study.search.halving;
  double running = draws, epochs = 0.0, before = 0.0;
  for (double at = halving.first; at > 0.0 && at < study.train.epochs; at *= halving.factor) {
    epochs += running * (at - before);
    before = at;
    running = std::ceil(running / halving.factor);
  }
  return (epochs + running * (study.train.epochs - before)) / draws;
}

// One trial of each kind, and again from the first where there are more threads than kinds: as many
// are timed side by side as there will be.
std::vector<std::size_t> trials_to_time(const std::vector<PlannedTrial>& trials,
                                        std::size_t side_by_side) {
  std::set<std::string> kinds;
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < trials.size(); ++k) {
    const bool waits = trials[k].record.learning_rate == 0.0;
    if (!waits && kinds.insert(kind_of(trials[k])).second) chosen.push_back(k);
  }
  for (std::size_t k = 0; !chosen.empty() && chosen.size() < side_by_side; ++k) {
    chosen.push_back(chosen[k]);
  }
  return chosen;
}

std::map<std::string, Cost> costs_of(const StudySetUp& set_up,
                                     const std::vector<std::size_t>& to_time) {
  std::map<std::string, Cost> costs;
  std::mutex mutex;
  run_jobs(to_time, [&](std::size_t k) {
    const PlannedTrial& trial = set_up.planned()[k];
    const Cost cost = timed(set_up, trial);
    const std::lock_guard lock(mutex);
    costs[kind_of(trial)] = cost;
    return std::vector<std::size_t>();
  });
  return costs;
}

std::vector<SplitTerms> terms_of_problems(const StudySetUp& set_up) {
  std::vector<SplitTerms> all(set_up.options().tasks.size());
  for (std::size_t p = 0; p < all.size(); ++p) {
    for (const Split split : all_splits) {
      all[p][static_cast<std::size_t>(split)] =
          static_cast<double>(terms_of(set_up.problem(p), split));
    }
  }
  return all;
}

}  // namespace

// Training and validation of each epoch, and the figures at the end.
double terms_to_train(const StudyOptions& study, bool is_draw, const SplitTerms& terms) {
  const double epochs = is_draw ? epochs_of_draws(study, study.search.draws) : study.train.epochs;
  const auto [train, valid, test] = terms;
  const double of_epoch = train + evaluation * valid;
  const double at_end = evaluation * (train + (is_draw ? 0.0 : test));
  return epochs * of_epoch + at_end;
}

StudyEstimate estimate_study(const StudyOptions& options, CellRegistry& registry,
                             const StudyRun& run, const std::atomic<bool>& stop,
                             const StudyListener& listener) {
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  const int threads = run.threads > 0 ? run.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  listener.begins();
  const StopScope scope(stop);
  StudyEstimate estimate;
  estimate.trials = set_up.planned();
  const auto side_by_side =
      std::min<std::size_t>(static_cast<std::size_t>(threads), estimate.trials.size());
  const auto costs = costs_of(set_up, trials_to_time(estimate.trials, side_by_side));
  estimate.timed = static_cast<int>(costs.size());
  const std::vector<SplitTerms> terms = terms_of_problems(set_up);
  Cost last;
  for (const PlannedTrial& trial : estimate.trials) {
    // The seeds of a search wait for its choice: reckoned as its last draw.
    if (trial.record.learning_rate != 0.0) last = costs.at(kind_of(trial));
    const StudyOptions study = options_of(set_up.options(), trial.record);
    estimate.seconds +=
        last.per_term * terms_to_train(study, trial.record.draw > 0, terms.at(trial.problem));
    estimate.bytes += last.bytes;
    estimate.parameters.push_back(trial.record.hidden > 0 ? last.parameters : 0);
  }
  estimate.seconds /= static_cast<double>(side_by_side);
  return estimate;
}

}  // namespace carousel
