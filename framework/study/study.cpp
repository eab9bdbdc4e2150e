#include "study/study.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "cell/cell_file.hpp"
#include "io/files.hpp"
#include "io/log.hpp"
#include "io/machine.hpp"
#include "study/result_files.hpp"
#include "study/run_folder.hpp"
#include "study/set_up.hpp"
#include "study/time_left.hpp"
#include "study/trial.hpp"
#include "train/parallel.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double seconds_between_tables = 10.0;

int threads_of(const StudyRun& run) {
  return run.threads > 0 ? run.threads : tbb::info::default_concurrency();
}

void write_tables(const std::filesystem::path& folder, const StudyResults& results) {
  write_text(folder / "results.csv", results_csv(results));
  write_text(folder / "curves.csv", curves_csv(results));
  write_text(folder / "baselines.csv", baselines_csv(results));
}

// Of the draws of a search the chosen one alone keeps its parameters.
void drop_parameters_of_draws(const RunFolder& folder, const StudyPlan& plan) {
  for (const StudyCase& one : plan.cases()) {
    for (const std::size_t draw : one.draws) {
      if (!one.chosen || draw == plan.best_draw(one)) continue;
      const std::string& id = plan.planned(draw).id;
      std::optional<Archive> archive = folder.trial(id);
      if (!archive || (archive->floats.empty() && archive->doubles.size() < 2)) continue;
      drop_parameters(*archive);
      folder.write_trial(id, *archive);
    }
  }
}

void take_saved_records(const RunFolder& folder, StudyPlan& plan,
                        const std::vector<std::size_t>& trials) {
  for (const std::size_t k : trials) {
    if (const auto saved = folder.trial(plan.planned(k).id)) plan.trials()[k] = load_record(*saved);
  }
}

// The plan of a run folder with what its trials have saved.
StudyPlan plan_of(const RunFolder& folder, const std::vector<StudyProblem>& problems) {
  StudyPlan plan(folder.plan(), problems);
  for (const StudyCase& one : plan.cases()) {
    take_saved_records(folder, plan, one.draws);
    take_saved_records(folder, plan, one.seeds);
  }
  return plan;
}

// Runs a trial, whose record by now is `record`, and writes its state.
Archive run_in_folder(const RunFolder& folder, const StudySetUp& set_up,
                      const PlannedTrial& planned, const TrialRecord& record,
                      const std::atomic<bool>& stop,
                      const std::function<void(const TrialRecord&, const Progress&)>& progress) {
  const FolderLock lock(folder.trial_folder(planned.id));
  const TrialJob job{set_up.problem_of(planned, folder.path()),
                     set_up.cells()[planned.cell],
                     set_up.options().model.depth,
                     set_up.options().train,
                     record,
                     {{"study", to_yaml(set_up.options())}}};
  const auto write = [&](const Archive& archive) { folder.write_trial(planned.id, archive); };
  const std::optional<Archive> saved = folder.trial(planned.id);
  try {
    Archive archive = run_trial(job, saved ? &*saved : nullptr, stop, {progress, write});
    write(archive);
    return archive;
  } catch (const InputError& error) {
    fail_input("trial {}: {}", planned.id, error.what());
  }
}

// Runs the trials of a run folder in this process, one on each thread.
class Executor {
 public:
  Executor(const StudySetUp& set_up, const StudyRun& run, const StudyListener& listener,
           StudyResults results)
      : set_up_(set_up),
        folder_(run.folder),
        listener_(listener),
        results_(std::move(results)),
        plan_(plan_of(folder_, results_.problems)),
        share_(plan_.trials().size(), 0.0),
        threads_(threads_of(run)),
        log_(run.folder) {}

  void run(const std::atomic<bool>& stop) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads_));
    log_.info(fmt::format("study {} with {} threads", results_.study, threads_));
    for (const StudyProblem& problem : results_.problems) {
      listener_.note(problem.description);
      log_.info(problem.description);
    }
    run_jobs(plan_.take_ready(), [&](std::size_t trial) {
      if (stop) return std::vector<std::size_t>();
      run_one(trial, stop);
      const std::lock_guard lock(mutex_);
      return stop ? std::vector<std::size_t>() : plan_.take_ready();
    });
  }

 private:
  void run_one(std::size_t index, const std::atomic<bool>& stop) {
    std::unique_lock lock(mutex_);
    TrialRecord& shared = plan_.trials()[index];
    const TrialRecord record = shared;
    if (record.status != "done") shared.status = "running";
    lock.unlock();

    Clock::time_point heard{};
    const auto progress = [&](const TrialRecord& now, const Progress& p) {
      // The mutex belongs to all trials: none takes it at each of its updates.
      const auto time = Clock::now();
      if (!p.epoch_ended && time - heard < std::chrono::milliseconds(100)) return;
      heard = time;
      const std::lock_guard guard(mutex_);
      share_[index] = p.done;
      if (p.epoch_ended) shared = now;
      shared.seconds = p.seconds;
      listener_.progress([this] { return this->progress(); }, shared, p);
    };
    const Archive archive =
        run_in_folder(folder_, set_up_, plan_.planned(index), record, stop, progress);
    lock.lock();
    shared = load_record(archive);
    const auto reason = archive.texts.find("divergence");
    ended(index, reason == archive.texts.end() ? "" : reason->second);
  }

  StudyProgress progress() const {
    const auto& trials = plan_.trials();
    return {static_cast<int>(std::ranges::count_if(trials, has_ended)),
            static_cast<int>(trials.size()), seconds_left(trials, share_, threads_)};
  }

  void ended(std::size_t index, const std::string& divergence) {
    const TrialRecord& record = plan_.trials()[index];
    const std::string& id = plan_.planned(index).id;
    if (!divergence.empty()) {
      const std::string reason = id + " diverged: " + divergence;
      listener_.warn(reason);
      log_.warn(reason);
    }
    const std::string test =
        record.selected
            ? fmt::format(", test {}", record.figure(record.metrics.front(), Split::test))
            : "";
    log_.info(fmt::format("{} {}: valid {} at epoch {} of {}{}", id, record.status,
                          record.chosen_by(), record.best_epoch, record.epochs, test));
    if (has_ended(record)) {
      const StudyProgress now = progress();
      listener_.trial_ended(now.ended, now.trials, record);
    }
    write_tables_now_and_then();
  }

  // For who looks while the study runs; what counts is written at its end.
  void write_tables_now_and_then() {
    const std::chrono::duration<double> since = Clock::now() - tables_written_;
    if (since.count() < seconds_between_tables) return;
    results_.trials = plan_.trials();
    write_tables(folder_.path(), results_);
    tables_written_ = Clock::now();
  }

  const StudySetUp& set_up_;
  RunFolder folder_;
  const StudyListener& listener_;
  StudyResults results_;  // all but the trials
  StudyPlan plan_;
  std::vector<double> share_;  // of each trial's epochs
  int threads_;
  RunLog log_;
  Clock::time_point tables_written_ = Clock::now();
  std::mutex mutex_;
};

StudyResults run_study(const StudySetUp& set_up, const StudyRun& run, StudyResults results,
                       const std::atomic<bool>& stop, const StudyListener& listener) {
  Executor(set_up, run, listener, std::move(results)).run(stop);
  return collect_study(run.folder);
}

// Writes the run folder of a study; returns what is known before any trial runs.
StudyResults write_run_folder(const StudySetUp& set_up, const StudyRun& run) {
  make_folder(run.folder);
  const RunFolder folder(run.folder);
  StudyResults results = set_up.results(threads_of(run));
  write_text(run.folder / "run.json", to_json(results.machine));
  save_loaded_cells(set_up.registry(), run.folder / "cells");
  folder.write_plan(results, set_up.planned());
  write_text(run.folder / "study.yaml", to_yaml(set_up.options_in_run()));
  return results;
}

void expect_no_run(const StudyRun& run) {
  if (!std::filesystem::exists(run.folder / "study.yaml")) return;
  fail_input(
      "{}: holds a run already; go on with it by 'carousel resume {}', or give another "
      "folder with --out",
      run.folder.string(), run.folder.string());
}

// The ids of a trial's case whose draws are still to end.
std::vector<std::string> waited_for(const StudyPlan& plan, std::size_t trial) {
  std::vector<std::string> ids;
  for (const std::size_t draw : plan.case_of(trial).draws) {
    if (!has_ended(plan.trials()[draw])) ids.push_back(plan.planned(draw).id);
  }
  return ids;
}

}  // namespace

void plan_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                const StudyListener& listener) {
  expect_no_run(run);
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  write_run_folder(set_up, run);
}

StudyResults start_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                         const std::atomic<bool>& stop, const StudyListener& listener) {
  expect_no_run(run);
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  make_folder(run.folder);
  const FolderLock lock(run.folder);
  return run_study(set_up, run, write_run_folder(set_up, run), stop, listener);
}

StudyResults resume_study(CellRegistry& registry, const StudyRun& run,
                          const std::atomic<bool>& stop, const StudyListener& listener) {
  const RunFolder folder(run.folder);
  const StudyOptions options = folder.options();
  const FolderLock lock(run.folder);
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  for (const PlannedTrial& trial : folder.plan()) set_up.problem_of(trial, run.folder);
  return run_study(set_up, run, folder.known(), stop, listener);
}

TrialRecord run_planned_trial(CellRegistry& registry, const StudyRun& run, const std::string& id,
                              const std::atomic<bool>& stop, const StudyListener& listener) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads_of(run)));
  const RunFolder folder(run.folder);
  const StudyOptions options = folder.options();
  StudyPlan plan(folder.plan(), folder.known().problems);
  const std::size_t index = plan.find(id);
  // Of all trials, those that it may wait for.
  take_saved_records(folder, plan, plan.case_of(index).draws);
  take_saved_records(folder, plan, {index});
  const auto ready = plan.take_ready();
  const TrialRecord& record = plan.trials()[index];
  if (std::ranges::find(ready, index) == ready.end()) {
    if (has_ended(record)) return record;
    const std::vector<std::string> draws = waited_for(plan, index);
    fail_input("trial {} waits for the search: {} {} not ended", id, fmt::join(draws, ", "),
               draws.size() == 1 ? "has" : "have");
  }
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn,
                          plan.planned(index).problem);
  const auto progress = [&](const TrialRecord& now, const Progress& p) {
    listener.progress(
        [&] {
          return StudyProgress{0, 1, now.seconds * (1.0 - p.done) / p.done};
        },
        now, p);
  };
  const Archive archive =
      run_in_folder(folder, set_up, plan.planned(index), record, stop, progress);
  if (const auto reason = archive.texts.find("divergence"); reason != archive.texts.end()) {
    listener.warn(id + " diverged: " + reason->second);
  }
  return load_record(archive);
}

std::vector<TrialState> trial_states(const std::filesystem::path& path) {
  const RunFolder folder(path);
  StudyPlan plan = plan_of(folder, folder.known().problems);
  const auto ready = plan.take_ready();
  std::vector<TrialState> states;
  for (std::size_t k = 0; k < plan.trials().size(); ++k) {
    states.push_back(
        {plan.planned(k).id, plan.trials()[k].status, std::ranges::find(ready, k) != ready.end()});
  }
  return states;
}

StudyResults collect_study(const std::filesystem::path& path) {
  const RunFolder folder(path);
  StudyResults results = folder.results();
  StudyPlan plan(folder.plan(), results.problems);
  plan.trials() = results.trials;
  plan.choose();
  drop_parameters_of_draws(folder, plan);
  write_tables(path, results);
  return results;
}

}  // namespace carousel
