#include "cli/study_commands.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/new_folder.hpp"
#include "cli/progress.hpp"
#include "report/format.hpp"
#include "report/report_files.hpp"
#include "report/table.hpp"
#include "study/estimate.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "study/study_plan.hpp"

namespace carousel {

namespace {

// 0 only where every trial that counts and has ended has sound figures, and there is one. A draw of
// a search may diverge.
int exit_code_of(const StudyResults& results) {
  std::size_t sound = 0, failed = 0;
  for (const TrialRecord& r : results.trials) {
    if (r.status == "skipped" || (r.status == "diverged" && r.selected)) ++failed;
    if (!r.selected || r.status != "done") continue;
    const bool good = is_sound(r.chosen_by()) && is_sound(r.figure(r.metrics.front(), Split::test));
    ++(good ? sound : failed);
  }
  if (failed == 0 && sound > 0) return 0;
  std::fprintf(stderr, "%zu of the trials that count have figures, %zu have none\n", sound, failed);
  return exit_check_failed;
}

void show_results(const StudyResults& results, const std::filesystem::path& folder) {
  const StudyResults shown = with_inspection(results, folder);
  const Report report(shown);
  write_report_files(report, folder);
  std::printf("%s\nreport: %s\n", result_table(report).c_str(),
              (folder / "report.html").string().c_str());
}

int end_run(const StudyResults& results, const StudyRun& run, const std::atomic<bool>& stop) {
  show_results(results, run.folder);
  const auto unfinished =
      std::ranges::count_if(results.trials, [](const TrialRecord& r) { return !has_ended(r); });
  if (unfinished == 0) return exit_code_of(results);
  std::fprintf(stderr, "%s: %td of %zu trials have not ended; go on with: carousel resume %s\n",
               stop ? "interrupted" : "incomplete", unfinished, results.trials.size(),
               run.folder.string().c_str());
  return stop ? exit_interrupted : exit_check_failed;
}

int run_new(const StudyOptions& options, CellRegistry& registry, const CommonOptions& common,
            const std::atomic<bool>& stop) {
  const NewFolder folder(common.out, options.name);
  const StudyRun run = run_in(folder.path(), common);
  ProgressDisplay display(common);
  return end_run(start_study(options, registry, run, stop, display.listener()), run, stop);
}

}  // namespace

int compare_command(CellRegistry& registry, const std::string& study,
                    const std::vector<std::string>& overrides, const CommonOptions& common,
                    const std::atomic<bool>& stop) {
  return run_new(read_study(study, overrides), registry, common, stop);
}

int ablation_command(CellRegistry& registry, const AblationArguments& arguments,
                     const std::vector<std::string>& overrides, const CommonOptions& common,
                     const std::atomic<bool>& stop) {
  StudyOptions options = read_study(arguments.study, overrides);
  const auto own = std::ranges::find(options.cells, arguments.cell, &StudyCell::name);
  StudyCell cell{arguments.cell, options.cells.front().hidden};
  if (own != options.cells.end()) cell = *own;
  cell.ablate = arguments.changes;
  cell.refit = arguments.refit;
  options.cells = {cell};
  return run_new(options, registry, common, stop);
}

int dry_run_command(CellRegistry& registry, const std::string& study,
                    const std::vector<std::string>& overrides, const CommonOptions& common,
                    const std::atomic<bool>& stop) {
  const StudyOptions options = read_study(study, overrides);
  ProgressDisplay display(common);
  const StudyEstimate estimate =
      estimate_study(options, registry, run_in({}, common), stop, display.listener());
  for (std::size_t k = 0; k < estimate.trials.size(); ++k) {
    const auto& [id, problem, cell, r] = estimate.trials[k];
    const std::string settings =
        r.setting + (r.setting.empty() || r.drawn.empty() ? "" : " ") + r.drawn;
    const std::string size =
        r.hidden > 0 ? fmt::format("{} units, {} parameters", r.hidden, estimate.parameters[k])
                     : "waits for the search";
    std::printf("%s\t%s\t%s\n", id.c_str(), size.c_str(), settings.c_str());
  }
  std::printf("%zu trials: about %s and %s, if none ends early (%d kinds were timed)\n",
              estimate.trials.size(), clock_text(estimate.seconds).c_str(),
              format_bytes(estimate.bytes).c_str(), estimate.timed);
  return 0;
}

int resume_command(CellRegistry& registry, const std::string& folder,
                   const std::vector<std::string>& overrides, const CommonOptions& common,
                   const std::atomic<bool>& stop) {
  const StudyRun run = run_in(folder, common);
  ProgressDisplay display(common);
  return end_run(resume_study(registry, run, overrides, stop, display.listener()), run, stop);
}

void write_report_again(const std::string& folder) {
  const StudyResults results = with_inspection(RunFolder(folder).results(), folder);
  write_report_files(Report(results), folder);
}

int report_command(const std::string& folder) {
  const StudyResults results = RunFolder(folder).results();
  show_results(results, folder);
  return exit_code_of(results);
}

int collect_command(const std::string& folder) {
  const StudyResults results = collect_study(folder);
  show_results(results, folder);
  return exit_code_of(results);
}

int plan_command(CellRegistry& registry, const std::string& study,
                 const std::vector<std::string>& overrides, const CommonOptions& common) {
  const StudyOptions options = read_study(study, overrides);
  const NewFolder folder(common.out, options.name);
  ProgressDisplay display(common);
  plan_study(options, registry, run_in(folder.path(), common), display.listener());
  std::printf("%s\n", folder.path().c_str());
  return 0;
}

int trial_command(CellRegistry& registry, const std::string& folder, const std::string& id,
                  const CommonOptions& common, const std::atomic<bool>& stop) {
  const StudyRun run = run_in(folder, common);
  ProgressDisplay display(common);
  const TrialRecord record = run_planned_trial(registry, run, id, stop, display.listener());
  if (!common.quiet) std::printf("%s: %s\n", id.c_str(), record.status.c_str());
  if (!has_ended(record)) return exit_interrupted;
  return record.status == "diverged" && record.selected ? exit_check_failed : 0;
}

int trial_list_command(const std::string& folder, const TrialListOptions& options) {
  for (const TrialState& trial : trial_states(folder)) {
    if (!options.ready_only) {
      std::printf("%s\t%s%s\n", trial.id.c_str(), trial.status.c_str(),
                  trial.ready ? "\tready" : "");
    } else if (trial.ready) {
      std::printf("%s\n", trial.id.c_str());
    }
  }
  return 0;
}

}  // namespace carousel
