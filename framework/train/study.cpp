#include "train/study.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>

#include <chrono>

#include "cell/changed_cell.hpp"
#include "data/music.hpp"
#include "io/cell_file.hpp"
#include "io/files.hpp"
#include "io/log.hpp"
#include "io/machine.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

std::string trial_key(const TrialRecord& r) {
  return fmt::format("{}-h{}-s{}", r.name(), r.hidden, r.seed);
}

std::string results_csv(const StudyResults& results) {
  std::string csv =
      "study,cell,variant,dataset,hidden,parameters,seed,learning_rate,epochs,best_epoch,"
      "train_nll,valid_nll,test_nll,seconds,status\n";
  for (const TrialRecord& r : results.trials) {
    // Figures that a trial has not got yet stay empty.
    const auto figure = [](bool known, double value) {
      return known ? fmt::format("{}", value) : std::string();
    };
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{:.3f},{}\n", results.study, r.cell,
                       r.variant, r.dataset, r.hidden, r.parameters, r.seed, r.learning_rate,
                       r.epochs, r.best_epoch, figure(r.status == "done", r.train_nll),
                       figure(r.best_epoch > 0, r.valid_nll), figure(r.selected, r.test_nll),
                       r.seconds, r.status);
  }
  return csv;
}

std::string curves_csv(const StudyResults& results) {
  std::string csv = "study,cell,variant,dataset,seed,epoch,updates,seconds,train_nll,valid_nll\n";
  for (const TrialRecord& r : results.trials) {
    for (const CurvePoint& p : r.curve) {
      csv +=
          fmt::format("{},{},{},{},{},{},{},{:.3f},{},{}\n", results.study, r.cell, r.variant,
                      r.dataset, r.seed, p.epoch, p.updates, p.seconds, p.train_nll, p.valid_nll);
    }
  }
  return csv;
}

SequenceSet load_set(const StudyOptions& options, const std::string& data_dir,
                     const StudyListener& listener) {
  const auto& d = options.dataset;
  expect_music_set(d.name);
  if (!d.fallback.empty()) expect_music_set(d.fallback);
  try {
    return load_music(d.name, data_dir, d.width);
  } catch (const InputError& error) {
    for (const auto& file : music_search_path(data_dir, d.name)) {
      if (std::filesystem::exists(file)) throw;  // found, but damaged: never replaced in silence
    }
    if (d.fallback.empty() || d.name == d.fallback) throw;
    listener.warn(fmt::format("{}\nGoing on with '{}' instead.", error.what(), d.fallback));
    return load_music(d.fallback, data_dir, d.width);
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

// Cells in their order, each with every seed.
std::vector<TrialRecord> plan(const StudyOptions& options, const std::vector<Cell>& cells,
                              const std::string& dataset) {
  std::vector<TrialRecord> trials;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const StudyCell& cell = options.cells[k];
    for (const std::uint64_t seed : options.seeds) {
      TrialRecord r;
      r.cell = cells[k].name;
      r.variant = cell.changes();
      r.dataset = dataset;
      r.hidden = cell.hidden;
      r.seed = seed;
      r.learning_rate = options.train.optimiser.learning_rate;
      trials.push_back(r);
    }
  }
  return trials;
}

std::string set_note(const SequenceSet& set) {
  const auto part = [](const char* name, const SequenceSplit& split) {
    return fmt::format("{} {} sequences ({} steps)", name, split.sequences(), split.total());
  };
  return fmt::format("{} ({}): {}, {}, {}; {} outputs a step. Steps 2 to T are scored.", set.name,
                     set.source, part("train", set.train), part("valid", set.valid),
                     part("test", set.test), set.train.width);
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
        set_(load_set(options, run.data_dir, listener)),
        archives_(std::move(archives)) {
    results_.study = options.name;
    results_.study_yaml = to_yaml(options);
    results_.dataset_notes = {set_note(set_)};
    for (TrialRecord& trial : plan(options, cells_, set_.name)) {
      const auto saved = archives_.find(trial_key(trial));
      if (saved != archives_.end()) {
        const TrialRecord record = load_record(saved->second);
        if (record.dataset != set_.name) {
          fail_input("{}: the run used the data set '{}', but '{}' is here; give --data",
                     run.folder.string(), record.dataset, set_.name);
        }
        trial = record;
      }
      results_.trials.push_back(trial);
    }
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      const Cell& cell = cells_[k];
      const StepProgram program = cell.build({set_.train.width, options.cells[k].hidden});
      const std::string changes = options.cells[k].changes();
      for (const std::string& warning : cell.warnings) listener.warn(warning);
      results_.cell_texts.emplace_back(
          changes.empty() ? cell.name : cell.name + "+" + changes,
          fmt::format("# {}\n# {}\n# {}\n{}", cell.title, cell.reference, cell.conventions,
                      to_text(program)));
    }
    const int machine_threads = tbb::info::default_concurrency();
    threads_ = run.threads > 0 ? run.threads : machine_threads;
    results_.machine = machine_facts(threads_);
  }

  const StudyResults& results() const { return results_; }
  const std::vector<Cell>& cells() const { return cells_; }

  void run(const std::atomic<bool>& stop) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads_));
    RunLog log(run_.folder);
    log_ = &log;
    listener_.note(set_note(set_));
    log.info(fmt::format("study {} with {} threads; {}", options_.name, threads_, set_note(set_)));
    const int count = static_cast<int>(results_.trials.size());
    for (int i = 0; i < count && !stop; ++i) {
      TrialRecord& record = results_.trials[static_cast<std::size_t>(i)];
      if (record.status != "done" && record.status != "diverged") run_trial(i, stop);
      log.info(fmt::format("{} {}: valid {} at epoch {} of {}", trial_key(record), record.status,
                           record.valid_nll, record.best_epoch, record.epochs));
      if (record.status != "running") listener_.trial_ended(i + 1, count, record);
    }
  }

  void save() {
    write_archives(run_.folder / "checkpoint.h5", archives_);
    write_text(run_.folder / "results.csv", results_csv(results_));
    write_text(run_.folder / "curves.csv", curves_csv(results_));
    saved_ = Clock::now();
  }

 private:
  void run_trial(int index, const std::atomic<bool>& stop) {
    TrialRecord& record = results_.trials[static_cast<std::size_t>(index)];
    const Cell& cell = cells_[static_cast<std::size_t>(index) / options_.seeds.size()];
    const NextFrameModel model(cell, set_.task(), record.hidden, options_.model.depth,
                               options_.train.segments);
    const auto trainer = make_trainer(model, set_, options_, record);
    const std::string key = trial_key(record);
    if (const auto saved = archives_.find(key); saved != archives_.end()) {
      try {
        trainer->load(saved->second);
      } catch (const InputError& error) {
        fail_input("{}, trial {}: {}", (run_.folder / "checkpoint.h5").string(), key, error.what());
      }
    }
    const auto keep = [&] {
      record = trainer->record();
      Archive archive = trainer->save();
      archive.texts["cell_text"] = model.cell_text();
      archive.texts["cell_conventions"] = cell.conventions;
      archive.texts["study"] = results_.study_yaml;
      archives_[key] = std::move(archive);
      save();
    };
    const Outcome outcome = trainer->run(stop, [&](const Progress& progress) {
      listener_.progress(index + 1, static_cast<int>(results_.trials.size()), trainer->record(),
                         progress);
      const double since = std::chrono::duration<double>(Clock::now() - saved_).count();
      if (progress.epoch_ended && since >= options_.train.checkpoint_seconds) keep();
    });
    if (outcome == Outcome::finished) trainer->evaluate_test();
    keep();
    if (outcome == Outcome::diverged) {
      const std::string reason = key + " diverged: " + trainer->divergence();
      listener_.warn(reason);
      log_->warn(reason);
    }
  }

  const StudyOptions& options_;
  std::vector<Cell> cells_;  // as options_.cells
  const StudyRun& run_;
  const StudyListener& listener_;
  SequenceSet set_;
  std::map<std::string, Archive> archives_;
  StudyResults results_;
  int threads_ = 1;
  RunLog* log_ = nullptr;  // while the study runs
  Clock::time_point saved_ = Clock::now();
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
  std::error_code error;
  std::filesystem::create_directories(run.folder, error);
  if (error) {
    throw EnvironmentError(
        fmt::format("{}: can't make this folder ({})", run.folder.string(), error.message()));
  }
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
  study.save();
  return study.results();
}

StudyResults load_results(CellRegistry& registry, const StudyRun& run) {
  const StudyOptions options = options_of(run);
  return Study(options, registry, run, {}, archives_of(run)).results();
}

}  // namespace carousel
