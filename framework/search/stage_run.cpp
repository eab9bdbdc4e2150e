#include "search/stage_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/files.hpp"
#include "study/run_folder.hpp"
#include "study/trial.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

// The facts of the program that made a run, by the names that this one has for its own.
void expect_same_program(const RunFolder& folder) {
  const Facts now = program_facts();
  Facts then;
  for (const auto& fact : folder.known().provenance.depends_on) {
    const auto is_same = [&](const auto& other) { return other.first == fact.first; };
    if (std::ranges::any_of(now, is_same)) then.push_back(fact);
  }
  const std::vector<std::string> changes = differences(then, now);
  if (changes.empty()) return;
  fail_input(
      "{}: what its results depend on has changed:\n  {}\nUndo that, start a new search, or "
      "go on with --accept-changes",
      folder.path().string(), fmt::join(changes, "\n  "));
}

}  // namespace

StageRun::StageRun(StudyOptions study, const std::vector<const Candidate*>& cells, StagePlace place)
    : study_(std::move(study)), place_(std::move(place)) {
  if (is_begun()) expect_same(cells);
}

bool StageRun::is_begun() const { return is_there(place_.folder / "study.yaml"); }

void StageRun::expect_same(const std::vector<const Candidate*>& cells) const {
  const RunFolder folder(place_.folder);
  const auto fail = [&](const std::string& what) {
    fail_input(
        "{}: {}. The program or search.yaml has changed since: undo that, or start a new "
        "search",
        place_.folder.string(), what);
  };
  StudyOptions in_run = parse_study(folder.known().study_yaml, "the stage's study", {});
  if (in_run.cells.size() != cells.size()) {
    fail(fmt::format("it is of {} cells, now there are {}", in_run.cells.size(), cells.size()));
  }
  in_run.cells = study_.cells;
  const std::vector<std::string> changes =
      differences(facts_of_yaml(to_yaml(in_run)), facts_of_yaml(to_yaml(study_)));
  if (!changes.empty()) fail(fmt::format("{}", fmt::join(changes, "; ")));
  for (const PlannedTrial& trial : folder.planned()) {
    const Candidate& cell = *cells.at(trial.cell);
    const auto file = place_.folder / "cells" / (cell.name + ".cell");
    const bool same =
        trial.record.cell == cell.name && (cell.generation == 0 || read_text(file) == cell.text);
    if (!same) fail(fmt::format("its cell {} is not the one that is made now", trial.record.cell));
  }
  if (!place_.search.accept_changes) expect_same_program(folder);
}

bool StageRun::has_ended() const {
  if (!is_begun()) return false;
  const StudyPlan plan = RunFolder(place_.folder).plan();
  return std::ranges::all_of(plan.trials(),
                             [](const TrialRecord& r) { return carousel::has_ended(r); });
}

StudyResults StageRun::run(const CellRegistry& registry, const std::atomic<bool>& stop,
                           const StudyListener& listener) const {
  if (has_ended()) return RunFolder(place_.folder).results();
  StudyRun run = place_.search;
  run.folder = place_.folder;
  CellRegistry own(registry);  // the cells of a stage are no matter of the next one
  if (is_begun()) return resume_study(own, run, {}, stop, listener);
  return start_study(study_, own, run, stop, listener);
}

void drop_parameters_of(const Names& cells, const std::filesystem::path& stage_folder,
                        const std::atomic<bool>& stop) {
  const RunFolder folder(stage_folder);
  for (const PlannedTrial& trial : folder.planned()) {
    if (stop) throw Interrupted("stopped while a stage was cleared");
    if (!cells.contains(trial.record.cell)) continue;
    std::optional<SavedTrial> saved = folder.saved(trial);
    if (!saved || (saved->archive.floats.empty() && saved->archive.doubles.size() < 2)) continue;
    drop_parameters(saved->archive);
    folder.write_trial(trial.id, saved->archive);
  }
}

}  // namespace carousel
