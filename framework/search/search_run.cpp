#include "search/search_run.hpp"

#include <fmt/format.h>
#include <tbb/info.h>

#include <algorithm>
#include <cmath>

#include "cell/cell_file.hpp"
#include "io/files.hpp"
#include "search/search_files.hpp"
#include "search/stage_run.hpp"
#include "study/set_up.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
using Places = std::vector<std::size_t>;  // of SearchResults::all

std::vector<StudyCell> cells_of(const std::vector<Candidate>& all, const Places& places) {
  std::vector<StudyCell> cells;
  for (const std::size_t place : places) cells.push_back({all[place].study_name});
  return cells;
}

// The search as a function of its options and of what its stages hold: whatever a folder has of
// them is read, the rest is run.
class Search {
 public:
  Search(CellSearchOptions options, std::vector<Candidate> first, const CellRegistry& registry,
         const StudyRun& run, const std::atomic<bool>& stop, const StudyListener& listener)
      : registry_(registry),
        run_(run),
        stop_(stop),
        listener_(listener),
        first_(std::move(first)),
        maker_(options, first_, registry),
        seconds_a_cell_(options.stages.size(), 0.0) {
    results_.options = std::move(options);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  SearchResults go() {
    try {
      for (int g = 0; g <= results_.options.generations; ++g) generation(g);
      results_.finished = true;
    } catch (const Interrupted&) {
    }
    keep();
    return std::move(results_);
  }

 private:
  const std::vector<SearchStage>& stages() const { return results_.options.stages; }

  void generation(int g) {
    results_.counts.emplace_back();
    Places going = g == 0 ? add(first_) : made(g);
    for (std::size_t s = 0; s < stages().size() && !going.empty(); ++s) {
      going = g == 0 ? first_through(s, going) : through(g, s, going);
    }
    for (const std::size_t place : going) results_.all[place].status = "survived";
    results_.counts.back().survivors = static_cast<int>(going.size());
    rank(going);
    if (begun_) write_search_files(results_, run_.folder);
  }

  Places add(const std::vector<Candidate>& cells) {
    Places places;
    for (const Candidate& cell : cells) {
      places.push_back(results_.all.size());
      results_.all.push_back(cell);
    }
    return places;
  }

  Places made(int g) {
    MutantCounts& counts = results_.counts.back();
    std::vector<Candidate> cells = maker_.make(g, results_.population, counts, stop_);
    for (Candidate& cell : cells) {
      cell.study_name = run_.folder / "cells" / (cell.name + ".cell");
      save(cell, g);
    }
    listener_.note(fmt::format(
        "generation {} of {}: {} candidates of {} mutants; {} twice the same, {} malformed, {} too "
        "large",
        g, results_.options.generations, cells.size(), counts.made, counts.twice, counts.malformed,
        counts.too_large));
    return add(cells);
  }

  // A file that a stage was begun with stays: StageRun compares.
  void save(const Candidate& cell, int g) const {
    make_folder(run_.folder / "cells");
    if (is_there(folder_of(g, 0) / "study.yaml") && is_there(cell.study_name)) return;
    write_text(cell.study_name, cell.text);
  }

  fs::path folder_of(int g, std::size_t s) const {
    return run_.folder / "generations" / std::to_string(g) / stages()[s].name;
  }

  // Runs a stage, and notes what each cell has come to.
  StudyResults run_stage(int g, std::size_t s, const Places& going) {
    StudyOptions study = stages()[s].study;
    study.cells = cells_of(results_.all, going);
    std::vector<const Candidate*> cells;
    for (const std::size_t place : going) cells.push_back(&results_.all[place]);
    StageRun stage(std::move(study), cells, {folder_of(g, s), run_});
    if (!stage.has_ended()) {
      if (stop_) throw Interrupted("stopped in front of a stage");
      begin();
      listener_.note(
          fmt::format("generation {}, stage {}: {} cells", g, stages()[s].name, going.size()));
    }
    const double later = seconds_behind(g, s);
    StudyResults results = stage.run(registry_, stop_, listener_of(later));
    if (stop_ && !stage.has_ended()) throw Interrupted("stopped in a stage");
    time(s, results, going.size());
    return results;
  }

  // All that was computed so far is known to be of these options.
  void begin() {
    if (begun_) return;
    begun_ = true;
    write_text(run_.folder / "search.yaml", to_yaml(results_.options));
  }

  void keep() {
    if (!results_.finished && !begun_) return;
    begin();
    write_search_files(results_, run_.folder);
  }

  StudyListener listener_of(double later) const {
    StudyListener inner = listener_;
    inner.begins = [] {};
    inner.note = [](const std::string&) {};
    inner.progress = [this, later](const std::function<StudyProgress()>& study,
                                   const TrialRecord& record, const Progress& progress) {
      listener_.progress(
          [&] {
            StudyProgress now = study();
            now.seconds_left += later;
            return now;
          },
          record, progress);
    };
    return inner;
  }

  // -- how long it takes

  void time(std::size_t s, const StudyResults& results, std::size_t cells) {
    double seconds = 0.0;
    for (const TrialRecord& trial : results.trials) seconds += trial.seconds;
    const int threads = run_.threads > 0 ? run_.threads : tbb::info::default_concurrency();
    seconds_a_cell_[s] = seconds / threads / static_cast<double>(cells);
  }

  // What is left behind this stage, where all mutants that are kept come through.
  double seconds_behind(int g, std::size_t s) const {
    const auto of_stages = [&](std::size_t from, double cells) {
      double seconds = 0.0;
      for (std::size_t k = 0; k < stages().size(); ++k) {
        if (k >= from) seconds += cells * seconds_a_cell_[k];
        cells *= stages()[k].keep;
      }
      return seconds;
    };
    const double candidates = results_.options.candidates;
    return of_stages(s + 1, g == 0 ? static_cast<double>(first_.size()) : candidates) +
           (results_.options.generations - g) * of_stages(0, candidates);
  }

  // -- who goes on

  void note(const StudyResults& results, std::size_t s, const Places& going) {
    const std::string& stage = stages()[s].name;
    const auto figures = figures_by_cell(results);
    for (const std::size_t place : going) {
      Candidate& cell = results_.all[place];
      StageRecord& record = cell.stages[stage];
      record.figures = figures.at(cell.name);
      record.score = score_of(record.figures, scales_.at(s));
      const auto trial = std::ranges::find(results.trials, cell.name, &TrialRecord::cell);
      record.hidden = trial->hidden;
      record.parameters = trial->cell_parameters;
      if (std::isnan(record.score)) cell.status = "diverged";
    }
  }

  double score(std::size_t place, std::size_t s) const {
    return results_.all[place].stages.at(stages()[s].name).score;
  }

  // The best first.
  void sort_by_score(Places& places, std::size_t s) const {
    std::ranges::stable_sort(
        places, [&](std::size_t a, std::size_t b) { return score(a, s) > score(b, s); });
  }

  Places first_through(std::size_t s, const Places& going) {
    const StudyResults results = run_stage(0, s, going);
    scales_.push_back(scales_of(results, stages()[s].name));
    for (const StudyProblem& problem : results.problems) {
      results_.tasks[stages()[s].name].push_back(problem.name);
    }
    note(results, s, going);
    Places sound = going;
    std::erase_if(sound, [&](std::size_t place) { return std::isnan(score(place, s)); });
    results_.counts.back().diverged += static_cast<int>(going.size() - sound.size());
    return sound;
  }

  Places through(int g, std::size_t s, const Places& going) {
    const SearchStage& stage = stages()[s];
    note(run_stage(g, s, going), s, going);
    Places kept = going;
    std::erase_if(kept, [&](std::size_t place) { return std::isnan(score(place, s)); });
    MutantCounts& counts = results_.counts.back();
    const std::size_t diverged = going.size() - kept.size();
    std::erase_if(kept, [&](std::size_t place) { return score(place, s) < stage.bar; });
    sort_by_score(kept, s);
    const double most = std::ceil(stage.keep * static_cast<double>(going.size()) - 1e-9);
    if (static_cast<double>(kept.size()) > most) kept.resize(static_cast<std::size_t>(most));
    std::ranges::sort(kept);  // in the order of their making
    counts.diverged += static_cast<int>(diverged);
    counts.behind += static_cast<int>(going.size() - kept.size() - diverged);
    Names gone;
    for (const std::size_t place : going) {
      if (std::ranges::binary_search(kept, place)) continue;
      Candidate& cell = results_.all[place];
      if (cell.status == "waiting") cell.status = "behind";
      gone.insert(cell.name);
    }
    drop_parameters_of(gone, folder_of(g, s), stop_);
    listener_.note(fmt::format("generation {}, stage {}: {} of {} cells go on, {} diverged", g,
                               stage.name, kept.size(), going.size(), diverged));
    return kept;
  }

  void rank(const Places& survivors) {
    const std::size_t last = stages().size() - 1;
    ranked_.insert(ranked_.end(), survivors.begin(), survivors.end());
    sort_by_score(ranked_, last);
    const auto most = static_cast<std::size_t>(results_.options.population);
    if (ranked_.size() > most) ranked_.resize(most);
    results_.population.clear();
    for (const std::size_t place : ranked_) results_.population.push_back(results_.all[place]);
  }

  const CellRegistry& registry_;
  const StudyRun& run_;
  const std::atomic<bool>& stop_;
  const StudyListener& listener_;
  std::vector<Candidate> first_;
  CandidateMaker maker_;
  SearchResults results_;
  Places ranked_;                               // the population
  std::vector<std::vector<TaskScale>> scales_;  // by stage
  std::vector<double> seconds_a_cell_;          // by stage, of the last one that was run
  bool begun_ = false;                          // something was computed anew
};

// Says what is wrong with cells, tasks or data before any work begins.
void set_up_all(const CellSearchOptions& options, const std::vector<Candidate>& first,
                const CellRegistry& registry, const StudyRun& run) {
  for (const SearchStage& stage : options.stages) {
    StudyOptions study = stage.study;
    study.cells.clear();
    for (const Candidate& cell : first) study.cells.push_back({cell.study_name});
    CellRegistry own(registry);
    try {
      static_cast<void>(StudySetUp(study, own, run.data_dir, [](const std::string&) {}));
    } catch (const InputError& error) {
      fail_input("stages.{}.study: {}", stage.name, error.what());
    }
  }
}

// What stands in the folder is never written over, but for what a start that was killed has left.
void expect_new(const fs::path& folder) {
  if (is_there(folder / "search.yaml")) {
    fail_input(
        "{}: holds a search already; go on with it by 'carousel resume {}', or give another "
        "folder with --out",
        folder.string(), folder.string());
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == "cells" || name == "search.yaml.tmp") continue;
    fail_input("{}: is not empty, it holds {}; give a new folder with --out", folder.string(),
               name);
  }
}

// Cells from files are read from the run's own copies.
CellSearchOptions options_in_run(CellSearchOptions options, const std::vector<Candidate>& first,
                                 const CellRegistry& registry) {
  for (std::size_t k = 0; k < first.size(); ++k) {
    if (registry.find(first[k].name).from_file) {
      options.cells[k] = "cells/" + first[k].name + ".cell";
    }
    for (SearchStage& stage : options.stages) stage.study.cells[k].name = options.cells[k];
  }
  return options;
}

}  // namespace

SearchResults start_search(const CellSearchOptions& options, CellRegistry& registry,
                           const StudyRun& run, const std::atomic<bool>& stop,
                           const StudyListener& listener) {
  std::vector<Candidate> first = first_cells(options, registry);
  set_up_all(options, first, registry, run);
  make_folder(run.folder);
  const FolderLock lock(run.folder);
  expect_new(run.folder);
  save_loaded_cells(registry, run.folder / "cells");
  const CellSearchOptions own = options_in_run(options, first, registry);
  write_text(run.folder / "search.yaml", to_yaml(own));
  listener.begins();
  return Search(own, std::move(first), registry, run, stop, listener).go();
}

SearchResults resume_search(CellRegistry& registry, const StudyRun& run,
                            const std::vector<std::string>& overrides,
                            const std::atomic<bool>& stop, const StudyListener& listener) {
  const FolderLock lock(run.folder);
  const CellSearchOptions options = read_search(run.folder / "search.yaml", {}, overrides);
  std::vector<Candidate> first = first_cells(options, registry);
  const CellSearchOptions own = options_in_run(options, first, registry);
  listener.begins();
  return Search(own, std::move(first), registry, run, stop, listener).go();
}

bool is_search_run(const fs::path& folder) { return is_there(folder / "search.yaml"); }

}  // namespace carousel
