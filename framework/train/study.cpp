#include "train/study.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "cell/changed_cell.hpp"
#include "data/datasets.hpp"
#include "data/music.hpp"
#include "io/cell_file.hpp"
#include "io/files.hpp"
#include "io/log.hpp"
#include "io/machine.hpp"
#include "train/count_models.hpp"
#include "train/piano_roll.hpp"
#include "train/result_files.hpp"
#include "train/saved_results.hpp"
#include "train/study_plan.hpp"
#include "train/tasks.hpp"
#include "train/time_left.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

SequenceSet load_or_fall_back(const StudyDataset& d, const std::string& data_dir,
                              const StudyListener& listener) {
  expect_set(d.name);
  if (!d.fallback.empty()) expect_set(d.fallback);
  try {
    return load_set(d.name, data_dir, d.width);
  } catch (const InputError& error) {
    for (const auto& file : set_search_path(d.name, data_dir)) {
      if (std::filesystem::exists(file)) throw;  // found, but damaged: never replaced in silence
    }
    if (d.fallback.empty() || d.name == d.fallback) throw;
    listener.warn(fmt::format("{}\nGoing on with '{}' instead.", error.what(), d.fallback));
    return load_set(d.fallback, data_dir, d.width);
  }
}

// The cells of a study, with their changes.
std::vector<Cell> resolve(const StudyOptions& options, CellRegistry& registry) {
  std::vector<Cell> cells;
  for (const StudyCell& cell : options.cells) {
    cells.push_back(changed_cell(find_or_load(registry, cell.name), cell.hyper, cell.variant));
  }
  return cells;
}

void drop_tensors(Archive& archive) {
  archive.floats.clear();
  std::erase_if(archive.doubles, [](const auto& entry) { return entry.first != "curve"; });
}

std::string set_note(const SequenceSet& set) {
  const auto part = [](const char* name, const SequenceSplit& split) {
    return fmt::format("{} {} sequences ({} steps)", name, split.sequences(), split.total());
  };
  return fmt::format("{} ({}): {}, {}, {}; {} outputs a step. Steps {} to T are scored.", set.name,
                     set.source, part("train", set.train), part("valid", set.valid),
                     part("test", set.test), set.train.width, set.train.context + 1);
}

std::vector<SequenceSet> load_sets(const StudyOptions& options, const std::string& data_dir,
                                   const StudyListener& listener) {
  std::vector<SequenceSet> sets;
  for (const StudyDataset& dataset : options.datasets) {
    sets.push_back(load_or_fall_back(dataset, data_dir, listener));
  }
  return sets;
}

// The trials of a run folder, in order, and their checkpoint.
class Study {
 public:
  Study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
        const StudyListener& listener, std::map<std::string, Archive> archives)
      : options_(options),
        cells_(resolve(options, registry)),
        run_(run),
        listener_(listener),
        sets_(load_sets(options, run.data_dir, listener)),
        plan_(options, cells_, sets_),
        archives_(std::move(archives)),
        share_(plan_.trials().size(), 0.0) {
    results_.study = options.name;
    results_.description = options.description;
    results_.study_yaml = to_yaml(options);
    results_.published = options.published;
    for (const SequenceSet& set : sets_) {
      results_.dataset_notes.push_back(set_note(set));
      for (const Baseline& baseline : count_models(set)) results_.baselines.push_back(baseline);
    }
    read_records();
    describe_cells();
    threads_ = run.threads > 0 ? run.threads : tbb::info::default_concurrency();
    results_.machine = machine_facts(threads_);
    if (!registry.plugins().empty()) {
      results_.machine.emplace_back("plug-ins",
                                    fmt::format("{}", fmt::join(registry.plugins(), ", ")));
    }
  }

  StudyResults results() const {
    StudyResults results = results_;
    results.trials = plan_.trials();
    return results;
  }
  const std::vector<Cell>& cells() const { return cells_; }

  void run(const std::atomic<bool>& stop) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads_));
    RunLog log(run_.folder);
    log_ = &log;
    log.info(fmt::format("study {} with {} threads", options_.name, threads_));
    for (const std::string& note : results_.dataset_notes) {
      listener_.note(note);
      log.info(note);
    }
    run_jobs(plan_.take_ready(), [&](std::size_t trial) {
      if (stop) return std::vector<std::size_t>();
      run_trial(trial, stop);
      const std::lock_guard lock(mutex_);
      return stop ? std::vector<std::size_t>() : plan_.take_ready();
    });
    results_.piano_rolls = piano_rolls();
    save();
  }

 private:
  void save() {
    const StudyResults now = results();
    archives_[study_key] = study_archive(now, plan_.keys());
    for (std::size_t i = 0; i < now.trials.size(); ++i) {
      if (!saved_state(i)) save_record(now.trials[i], archives_[plan_.key(i)] = {});
    }
    write_archives(run_.folder / "checkpoint.h5", archives_);
    write_text(run_.folder / "results.csv", results_csv(now));
    write_text(run_.folder / "curves.csv", curves_csv(now));
    write_text(run_.folder / "baselines.csv", baselines_csv(now));
    saved_ = Clock::now();
  }

  // Of the best selected trial of each cell on each set of notes.
  std::vector<PianoRoll> piano_rolls() const {
    std::vector<PianoRoll> rolls;
    for (const StudyCase& one : plan_.cases()) {
      const SequenceSet& set = sets_[one.dataset];
      const int sequence = options_.piano_roll.sequence;
      const auto best = plan_.best_selected(one);
      if (set.outputs != OutputKind::bernoulli || sequence < 1 || !best) continue;
      if (sequence > set.test.sequences()) {
        listener_.warn(fmt::format("piano_roll.sequence is {}, but {} has {} test sequences",
                                   sequence, set.name, set.test.sequences()));
        continue;
      }
      const TrialRecord& record = plan_.trials()[*best];
      const NextFrameModel model(cells_[one.cell], set.task(), record.hidden, options_.model.depth);
      const Archive& archive = archives_.at(plan_.key(*best));
      const auto roll_in = [&]<class T>(T) {
        return piano_roll(model, saved_parameters<T>(model, archive), set.test, sequence - 1,
                          options_.piano_roll.steps);
      };
      PianoRoll roll = options_.train.precision == "double" ? roll_in(0.0) : roll_in(0.0f);
      roll.dataset = set.name;
      roll.cell = record.name();
      roll.sequence = fmt::format("test sequence {}", sequence);
      roll.lowest_pitch = lowest_midi_pitch(options_.datasets[one.dataset].width);
      rolls.push_back(std::move(roll));
    }
    return rolls;
  }

  // What a trainer saved of a trial. Of a trial that none has saved yet there may be a record
  // alone, for reports.
  const Archive* saved_state(std::size_t trial) const {
    const auto found = archives_.find(plan_.key(trial));
    const bool has_state = found != archives_.end() && found->second.texts.contains("precision");
    return has_state ? &found->second : nullptr;
  }

  void read_records() {
    for (std::size_t i = 0; i < plan_.trials().size(); ++i) {
      const Archive* saved = saved_state(i);
      if (!saved) continue;
      TrialRecord& trial = plan_.trials()[i];
      TrialRecord record = load_record(*saved);
      if (record.dataset != trial.dataset) {
        fail_input("{}: the run used the data set '{}', but '{}' is here; give --data",
                   run_.folder.string(), record.dataset, trial.dataset);
      }
      trial = std::move(record);
    }
  }

  void describe_cells() {
    for (const StudyCase& one : plan_.cases()) {
      if (one.dataset > 0) break;
      const Cell& cell = cells_[one.cell];
      const FrameTask task = sets_[0].task();
      const int hidden = plan_.trials()[one.first_trial()].hidden;
      const StepProgram program = cell.build({task.context * task.width, hidden});
      const std::string changes = options_.cells[one.cell].changes();
      for (const std::string& warning : cell.warnings) listener_.warn(warning);
      results_.cell_texts.emplace_back(
          changes.empty() ? cell.name : cell.name + "+" + changes,
          fmt::format("# {}\n# {}\n# {}\n{}", cell.title, cell.reference, cell.conventions,
                      to_text(program)));
    }
  }

  // Several threads run trials at a time: whatever they share is touched under the mutex.
  void run_trial(std::size_t index, const std::atomic<bool>& stop) {
    std::unique_lock lock(mutex_);
    TrialRecord& record = plan_.trials()[index];
    const StudyCase& one = plan_.case_of(index);
    const Cell& cell = cells_[one.cell];
    const SequenceSet& set = sets_[one.dataset];
    const bool trained = record.status == "done";
    record.status = trained ? "done" : "running";
    const NextFrameModel model(cell, set.task(), record.hidden, options_.model.depth,
                               options_.train.segments);
    const auto trainer = make_trainer(model, set, options_, record);
    if (const Archive* saved = saved_state(index)) load(*trainer, index, *saved);
    record = trainer->record();
    lock.unlock();

    const auto outcome = trained ? Outcome::finished : trainer->run(stop, [&](const Progress& p) {
      const std::lock_guard guard(mutex_);
      share_[index] = p.done;
      if (p.epoch_ended) record = trainer->record();  // between them only the time goes on
      record.seconds = p.seconds;
      listener_.progress([this] { return progress(); }, record, p);
      if (p.epoch_ended && checkpoint_is_due()) {
        keep(index, *trainer, model, cell);
        save();
      }
    });
    if (outcome == Outcome::finished && record.selected) {
      trainer->evaluate_test();
      measure_memory(*trainer, index);
    }
    lock.lock();
    record = trainer->record();
    keep(index, *trainer, model, cell);
    if (checkpoint_is_due()) save();
    ended(index, outcome, trainer->divergence());
  }

  void load(Trainer& trainer, std::size_t index, const Archive& archive) {
    // Whether a trial is selected is known here alone.
    const bool selected = plan_.trials()[index].selected;
    try {
      trainer.load(archive);
    } catch (const InputError& error) {
      fail_input("{}, trial {}: {}", (run_.folder / "checkpoint.h5").string(), plan_.key(index),
                 error.what());
    }
    trainer.select(selected);
  }

  void measure_memory(Trainer& trainer, std::size_t index) const {
    const StudyCase& one = plan_.case_of(index);
    const auto& t = options_.train;
    const SequenceSet& set = sets_[one.dataset];
    const NextFrameModel model(cells_[one.cell], set.task(), trainer.record().hidden,
                               options_.model.depth, t.segments);
    const auto measure = t.precision == "double" ? training_memory<double> : training_memory<float>;
    trainer.note_memory(measure(model, set.train, t.batch, t.shard));
  }

  bool checkpoint_is_due() const {
    const double since = std::chrono::duration<double>(Clock::now() - saved_).count();
    return since >= options_.train.checkpoint_seconds;
  }

  // Takes the state of a trial into the next checkpoint. Of the draws of a search only those that
  // still run and the best one keep their tensors.
  void keep(std::size_t index, const Trainer& trainer, const NextFrameModel& model,
            const Cell& cell) {
    Archive archive = trainer.save();
    archive.texts["cell_text"] = model.cell_text();
    archive.texts["cell_conventions"] = cell.conventions;
    archive.texts["study"] = results_.study_yaml;
    archives_[plan_.key(index)] = std::move(archive);
    const StudyCase& one = plan_.case_of(index);
    const auto best = plan_.best_draw(one);
    for (const std::size_t draw : one.draws) {
      if (!has_ended(plan_.trials()[draw]) || draw == best) continue;
      const auto saved = archives_.find(plan_.key(draw));
      if (saved != archives_.end()) drop_tensors(saved->second);
    }
  }

  StudyProgress progress() const {
    const auto& trials = plan_.trials();
    return {static_cast<int>(std::ranges::count_if(trials, has_ended)),
            static_cast<int>(trials.size()), seconds_left(trials, share_, threads_)};
  }

  void ended(std::size_t index, Outcome outcome, const std::string& divergence) {
    const TrialRecord& record = plan_.trials()[index];
    if (outcome == Outcome::diverged) {
      const std::string reason = plan_.key(index) + " diverged: " + divergence;
      listener_.warn(reason);
      log_->warn(reason);
    }
    log_->info(fmt::format("{} {}: valid {} at epoch {} of {}{}", plan_.key(index), record.status,
                           record.valid_nll, record.best_epoch, record.epochs,
                           record.selected ? fmt::format(", test {}", record.test_nll) : ""));
    if (has_ended(record)) {
      const auto& trials = plan_.trials();
      const auto count = std::count_if(trials.begin(), trials.end(), has_ended);
      listener_.trial_ended(static_cast<int>(count), static_cast<int>(trials.size()), record);
    }
  }

  const StudyOptions& options_;
  std::vector<Cell> cells_;  // as options_.cells
  const StudyRun& run_;
  const StudyListener& listener_;
  std::vector<SequenceSet> sets_;  // as options_.datasets
  StudyPlan plan_;
  std::map<std::string, Archive> archives_;  // by the plan's keys
  std::vector<double> share_;                // of each trial's epochs
  StudyResults results_;                     // all but the trials
  int threads_ = 1;
  RunLog* log_ = nullptr;  // while the study runs
  Clock::time_point saved_ = Clock::now();
  std::mutex mutex_;
};

std::map<std::string, Archive> archives_of(const StudyRun& run) {
  const auto file = run.folder / "checkpoint.h5";
  return std::filesystem::exists(file) ? read_archives(file) : std::map<std::string, Archive>();
}

// Cells from files are read from the run folder's own copies.
StudyOptions with_cells_in_run(StudyOptions options, const std::vector<Cell>& cells) {
  for (std::size_t k = 0; k < cells.size(); ++k) {
    if (cells[k].from_file) options.cells[k].name = "cells/" + cells[k].name + ".cell";
  }
  return options;
}

StudyOptions options_of(const StudyRun& run) {
  const auto file = run.folder / "study.yaml";
  if (!std::filesystem::exists(file)) {
    fail_input("{}: this is no run folder, it has no study.yaml", run.folder.string());
  }
  return read_study(file, {});
}

}  // namespace

StudyResults start_study(const StudyOptions& options, CellRegistry& registry, const StudyRun& run,
                         const std::atomic<bool>& stop, const StudyListener& listener) {
  if (std::filesystem::exists(run.folder / "study.yaml")) {
    fail_input(
        "{}: holds a run already; go on with it by 'carousel resume {}', or give another "
        "folder with --out",
        run.folder.string(), run.folder.string());
  }
  Study study(options, registry, run, listener, {});
  make_folder(run.folder);
  const FolderLock lock(run.folder);
  write_text(run.folder / "run.json", to_json(study.results().machine));
  save_loaded_cells(registry, run.folder / "cells");
  write_text(run.folder / "study.yaml", to_yaml(with_cells_in_run(options, study.cells())));
  study.run(stop);
  return study.results();
}

StudyResults resume_study(CellRegistry& registry, const StudyRun& run,
                          const std::atomic<bool>& stop, const StudyListener& listener) {
  const StudyOptions options = options_of(run);
  const FolderLock lock(run.folder);
  Study study(options, registry, run, listener, archives_of(run));
  study.run(stop);
  return study.results();
}

StudyResults load_results(const std::filesystem::path& folder) {
  const auto file = folder / "checkpoint.h5";
  if (!std::filesystem::exists(file)) {
    fail_input("{}: there is no checkpoint.h5, so no results yet", folder.string());
  }
  try {
    return results_of(read_archives(file));
  } catch (const InputError& error) {
    fail_input("{}: {}", file.string(), error.what());
  }
}

}  // namespace carousel
