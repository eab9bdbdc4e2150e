#include "study/study.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <set>

#include "cell/cell_file.hpp"
#include "io/files.hpp"
#include "io/log.hpp"
#include "study/memory_needed.hpp"
#include "study/result_files.hpp"
#include "study/run_folder.hpp"
#include "study/set_up.hpp"
#include "study/time_left.hpp"
#include "study/training_log.hpp"
#include "study/trial.hpp"
#include "tensor/interrupt.hpp"
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
      std::optional<SavedTrial> trial = folder.saved(plan.planned(draw));
      if (!trial || (trial->archive.floats.empty() && trial->archive.doubles.size() < 2)) continue;
      drop_parameters(trial->archive);
      folder.write_trial(plan.planned(draw).id, trial->archive);
    }
  }
}

// Runs a trial, whose record by now is `record`, as far as TrialJob::until, and writes its state.
// texts: what its archive says beside.
Archive run_in_folder(const RunFolder& folder, const StudySetUp& set_up,
                      const PlannedTrial& planned, const TrialRecord& record, int until,
                      std::map<std::string, std::string> texts, const std::atomic<bool>& stop,
                      const std::function<void(const TrialRecord&, const Progress&)>& progress) {
  const FolderLock lock(folder.trial_folder(planned.id));
  texts["study"] = to_yaml(set_up.options());
  texts["run"] = folder.known().provenance.run;
  const StudyOptions study = options_of(set_up.options(), record);
  const Cell cell = set_up.cell(planned.cell, study);
  const TrialJob job{set_up.problem(planned.problem),
                     cell,
                     study.model,
                     study.train,
                     record,
                     std::move(texts),
                     until};
  expect_memory("trial " + planned.id, least_memory(job));
  const auto write = [&](const Archive& archive) { folder.write_trial(planned.id, archive); };
  const std::optional<SavedTrial> saved = folder.saved(planned);
  std::optional<TrainingLog> log;
  if (study.log == "tensorboard") {
    log.emplace(folder.trial_folder(planned.id), saved ? saved->record : record, to_yaml(study));
  }
  const auto on_progress = [&](const TrialRecord& now, const Progress& p) {
    if (log) log->update(now, p);
    progress(now, p);
  };
  try {
    Archive archive = run_trial(job, saved ? &saved->archive : nullptr, stop, {on_progress, write});
    write(archive);
    if (log) log->end(load_record(archive), archive.text("cell_text"), load_exhibits(archive));
    return archive;
  } catch (const InputError& error) {
    fail_input("trial {}: {}", planned.id, error.what());
  }
}

// Runs the trials of a run folder in this process, one on each thread.
class Executor {
 public:
  Executor(const RunFolder& folder, const StudySetUp& set_up, const StudyRun& run,
           const StudyListener& listener)
      : set_up_(set_up),
        folder_(folder),
        listener_(listener),
        results_(folder.known()),
        plan_(folder.plan()),
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
    const StopScope scope(stop);
    run_jobs(plan_.take_ready(), [&](std::size_t trial) {
      if (stop) return std::vector<std::size_t>();
      try {
        run_one(trial, stop);
      } catch (...) {
        failed_ = true;
        throw;
      }
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
    const int until = plan_.until(index);
    lock.unlock();

    Clock::time_point heard{};
    const auto progress = [&](const TrialRecord& now, const Progress& p) {
      if (failed_) throw Interrupted("another trial failed");
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
        run_in_folder(folder_, set_up_, plan_.planned(index), record, until, {}, stop, progress);
    lock.lock();
    plan_.put(index, load_record(archive));
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
  const RunFolder& folder_;
  const StudyListener& listener_;
  StudyResults results_;  // all but the trials
  StudyPlan plan_;
  std::vector<double> share_;  // of each trial's epochs
  int threads_;
  RunLog log_;
  Clock::time_point tables_written_ = Clock::now();
  std::mutex mutex_;
  std::atomic<bool> failed_{
      false};  // a trial threw: the others save what they have reached and end
};

// Runs what there is to run, as a session of the run.
StudyResults run_study(RunFolder& folder, const StudySetUp& set_up, const StudyRun& run,
                       const std::atomic<bool>& stop, const StudyListener& listener) {
  listener.begins();
  const auto begun = Clock::now();
  StudyResults known = folder.known();
  known.provenance.sessions.push_back(session_facts(run.command, threads_of(run)));
  folder.set_known(known);
  Executor(folder, set_up, run, listener).run(stop);
  const std::chrono::duration<double> seconds = Clock::now() - begun;
  end_session(known.provenance, seconds.count(), stop ? "interrupted" : "finished");
  folder.set_known(std::move(known));
  return collect_study(run.folder);
}

// All that the bits of a result depend on.
Facts dependencies(const StudySetUp& set_up) {
  Facts facts = program_facts();
  const Facts inputs = set_up.inputs();
  facts.insert(facts.end(), inputs.begin(), inputs.end());
  return facts;
}

// Writes the folder of a new run, which this process holds.
RunFolder new_run_folder(const StudySetUp& set_up, const StudyRun& run) {
  StudyResults known = set_up.known();
  known.provenance = {new_run_name(), dependencies(set_up), {}, {}};
  save_loaded_cells(set_up.registry(), run.folder / "cells");
  return {run.folder, std::move(known), set_up.planned(), set_up.options_in_run()};
}

// Of a folder that this process holds. What stands there is never written over, but for a start
// that was killed before its study.yaml was there.
void expect_empty(const std::filesystem::path& folder) {
  const std::set<std::string> of_a_start = {"study.h5",     "run.json",     "cells",
                                            "study.h5.tmp", "run.json.tmp", "study.yaml.tmp"};
  if (is_there(folder / "study.yaml")) {
    fail_input(
        "{}: holds a run already; go on with it by 'carousel resume {}', or give another "
        "folder with --out",
        folder.string(), folder.string());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (of_a_start.contains(name)) continue;
    fail_input("{}: is not empty, it holds {}; give a new folder with --out", folder.string(),
               name);
  }
}

bool is_named(const std::string& change, const std::vector<std::string>& overrides) {
  return std::ranges::any_of(overrides, [&](const std::string& text) {
    const std::string key = "study " + text.substr(0, text.find('='));
    return change.starts_with(key) && change.find_first_of(":.[", key.size()) == key.size();
  });
}

// What has changed since the run began, a line each. Throws InputError where nobody has let it
// pass.
std::vector<std::string> accepted_changes(const RunFolder& folder, const StudySetUp& set_up,
                                          const StudyRun& run,
                                          const std::vector<std::string>& overrides) {
  auto changes = differences(folder.known().provenance.depends_on, dependencies(set_up));
  std::vector<std::string> silent;
  std::ranges::copy_if(changes, std::back_inserter(silent),
                       [&](const std::string& change) { return !is_named(change, overrides); });
  if (silent.empty() || run.accept_changes) return changes;
  fail_input(
      "{}: what its results depend on has changed:\n  {}\nUndo that, start a new run, or go on "
      "with "
      "--accept-changes, which run.json and the report will name",
      run.folder.string(), fmt::join(silent, "\n  "));
}

void expect_same_trials(const std::vector<PlannedTrial>& in_run,
                        const std::vector<PlannedTrial>& now) {
  const auto same = [](const PlannedTrial& a, const PlannedTrial& b) {
    return a.id == b.id && a.problem == b.problem && a.cell == b.cell;
  };
  if (!std::ranges::equal(in_run, now, same)) {
    fail_input("these changes make other trials ({} in the run, {} now); start a new run for them",
               in_run.size(), now.size());
  }
  for (std::size_t k = 0; k < now.size(); ++k) expect_same_trial(in_run[k].record, now[k].record);
}

void expect_can_extend(const StudyOptions& in_run, const StudyOptions& now) {
  if (now.train.epochs == in_run.train.epochs) return;
  if (now.train.epochs < in_run.train.epochs) {
    fail_input("train.epochs can only grow: {} in the run, {} now; start a new run",
               in_run.train.epochs, now.train.epochs);
  }
  if (now.search.draws > 0) {
    fail_input(
        "train.epochs can't grow after a search, whose draws keep no parameters; start a new run");
  }
  if (now.train.schedule.final_rate != 1.0 || now.train.schedule.warmup != 0.0) {
    fail_input(
        "train.epochs can't grow where the rate falls over all epochs (train.final_rate); start a "
        "new run");
  }
}

// Makes the changes part of the run.
void take_changes(RunFolder& folder, const StudySetUp& set_up,
                  const std::vector<std::string>& changes) {
  try {
    expect_same_trials(folder.planned(), set_up.planned());
    expect_can_extend(parse_study(folder.known().study_yaml, "the run's study", {}),
                      set_up.options());
  } catch (const InputError& error) {
    fail_input("{}: {}", folder.path().string(), error.what());
  }
  StudyResults known = set_up.known();
  known.provenance = folder.known().provenance;
  known.provenance.depends_on = dependencies(set_up);
  known.provenance.accepted.insert(known.provenance.accepted.end(), changes.begin(), changes.end());
  save_loaded_cells(set_up.registry(), folder.path() / "cells");
  folder.write_study(set_up.options_in_run());
  folder.set_known(std::move(known));
}

// The ids of a trial's case whose draws are still to end.
std::vector<std::string> waited_for(const StudyPlan& plan, std::size_t trial) {
  std::vector<std::string> ids;
  for (const std::size_t draw : plan.case_of(trial).draws) {
    if (!has_ended(plan.trials()[draw])) ids.push_back(plan.planned(draw).id);
  }
  return ids;
}

// What a trial would refuse, before there is a folder.
void expect_can_run(const StudySetUp& set_up) {
  for (const PlannedTrial& trial : set_up.planned()) {
    static_cast<void>(rounding_of(options_of(set_up.options(), trial.record).train));
  }
}

}  // namespace

void plan_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                const StudyListener& listener) {
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  make_folder(run.folder);
  const FolderLock lock(run.folder);
  expect_empty(run.folder);
  new_run_folder(set_up, run);
}

StudyResults start_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                         const std::atomic<bool>& stop, const StudyListener& listener) {
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  expect_can_run(set_up);
  make_folder(run.folder);
  const FolderLock lock(run.folder);
  expect_empty(run.folder);
  RunFolder folder = new_run_folder(set_up, run);
  return run_study(folder, set_up, run, stop, listener);
}

StudyResults resume_study(CellRegistry& registry, const StudyRun& run,
                          const std::vector<std::string>& overrides, const std::atomic<bool>& stop,
                          const StudyListener& listener) {
  static_cast<void>(RunFolder(run.folder));  // says what is wrong with it before it is held
  const FolderLock lock(run.folder);
  RunFolder folder(run.folder);
  const StudyOptions options = folder.options(overrides);
  const StudySetUp set_up(options, registry, run.data_dir, listener.warn);
  const auto changes = accepted_changes(folder, set_up, run, overrides);
  if (!changes.empty()) take_changes(folder, set_up, changes);
  return run_study(folder, set_up, run, stop, listener);
}

TrialRecord run_planned_trial(CellRegistry& registry, const StudyRun& run, const std::string& id,
                              const std::atomic<bool>& stop, const StudyListener& listener) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads_of(run)));
  const RunFolder folder(run.folder);
  StudyPlan plan = folder.plan_without_records();
  const std::size_t index = plan.find(id);
  // Of all trials, those that it may wait for.
  folder.take_saved(plan, plan.case_of(index).draws);
  folder.take_saved(plan, {index});
  const auto ready = plan.take_ready();
  const TrialRecord& record = plan.trials()[index];
  if (std::ranges::find(ready, index) == ready.end()) {
    if (has_ended(record)) return record;
    const std::vector<std::string> draws = waited_for(plan, index);
    fail_input("trial {} waits for the search: {} {} not ended", id, fmt::join(draws, ", "),
               draws.size() == 1 ? "has" : "have");
  }
  const StudySetUp set_up(folder.options(), registry, run.data_dir, listener.warn,
                          plan.planned(index).problem);
  std::map<std::string, std::string> texts;
  const auto changes = accepted_changes(folder, set_up, run, {});
  if (!changes.empty()) texts["accepted changes"] = fmt::format("{}", fmt::join(changes, "\n"));
  const auto progress = [&](const TrialRecord& now, const Progress& p) {
    listener.progress(
        [&] {
          return StudyProgress{0, 1, now.seconds * (1.0 - p.done) / p.done};
        },
        now, p);
  };
  listener.begins();
  const StopScope scope(stop);
  const Archive archive = run_in_folder(folder, set_up, plan.planned(index), record,
                                        plan.until(index), std::move(texts), stop, progress);
  if (const auto reason = archive.texts.find("divergence"); reason != archive.texts.end()) {
    listener.warn(id + " diverged: " + reason->second);
  }
  return load_record(archive);
}

std::vector<TrialState> trial_states(const std::filesystem::path& path) {
  const RunFolder folder(path);
  StudyPlan plan = folder.plan();
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
  StudyPlan plan = folder.plan_without_records();
  plan.trials() = results.trials;
  plan.choose();
  drop_parameters_of_draws(folder, plan);
  write_tables(path, results);
  return results;
}

}  // namespace carousel
