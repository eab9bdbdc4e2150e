#include "cli/study_commands.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/progress.hpp"
#include "io/files.hpp"
#include "report/page.hpp"
#include "report/plots.hpp"
#include "report/table.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "study/study_plan.hpp"

namespace carousel {
namespace {

constexpr int exit_check_failed = 1;
constexpr int exit_interrupted = 130;

// runs/NAME, or the first of runs/NAME-2, runs/NAME-3, ... that is free.
std::filesystem::path free_folder(const std::string& name) {
  const std::filesystem::path base = std::filesystem::path("runs") / name;
  std::filesystem::path folder = base;
  for (int n = 2; std::filesystem::exists(folder); ++n) {
    folder = base.string() + "-" + std::to_string(n);
  }
  return folder;
}

int show_results(const StudyResults& results, const std::filesystem::path& folder) {
  const Report report(results);
  write_report(folder / "report.html", report);
  write_text(folder / "table.md", table_markdown(report));
  write_text(folder / "table.tex", table_latex(report));
  make_folder(folder / "plots");
  for (const PlotFile& file : plots_csv(report.plots)) {
    write_text(folder / "plots" / file.name, file.text);
  }
  std::printf("%s\nreport: %s\n", result_table(report).c_str(),
              (folder / "report.html").string().c_str());
  // A draw of a search may diverge; a trial that counts should not.
  const bool failed = std::ranges::any_of(results.trials, [](const TrialRecord& r) {
    return r.status == "skipped" || (r.status == "diverged" && r.selected);
  });
  return failed ? exit_check_failed : 0;
}

int end_run(const StudyResults& results, const StudyRun& run, const std::atomic<bool>& stop) {
  const int code = show_results(results, run.folder);
  if (!stop) return code;
  const bool unfinished = std::any_of(results.trials.begin(), results.trials.end(),
                                      [](const TrialRecord& r) { return !has_ended(r); });
  if (!unfinished) return code;
  std::fprintf(stderr, "interrupted; go on with: carousel resume %s\n",
               run.folder.string().c_str());
  return exit_interrupted;
}

}  // namespace

int compare_command(CellRegistry& registry, const std::string& study,
                    const std::vector<std::string>& overrides, const CommonOptions& common,
                    const std::atomic<bool>& stop) {
  const StudyOptions options = read_study(study, overrides);
  const std::filesystem::path folder =
      common.out.empty() ? free_folder(options.name) : std::filesystem::path(common.out);
  const StudyRun run{folder, common.data_dir, common.threads};
  ProgressDisplay display(common.quiet);
  const StudyListener listener = display.listener();
  return end_run(start_study(options, registry, run, stop, listener), run, stop);
}

int resume_command(CellRegistry& registry, const std::string& folder, const CommonOptions& common,
                   const std::atomic<bool>& stop) {
  const StudyRun run{folder, common.data_dir, common.threads};
  ProgressDisplay display(common.quiet);
  const StudyListener listener = display.listener();
  return end_run(resume_study(registry, run, stop, listener), run, stop);
}

int report_command(const std::string& folder) {
  return show_results(RunFolder(folder).results(), folder);
}

int collect_command(const std::string& folder) {
  return show_results(collect_study(folder), folder);
}

int plan_command(CellRegistry& registry, const std::string& study,
                 const std::vector<std::string>& overrides, const CommonOptions& common) {
  const StudyOptions options = read_study(study, overrides);
  const std::filesystem::path folder =
      common.out.empty() ? free_folder(options.name) : std::filesystem::path(common.out);
  ProgressDisplay display(common.quiet);
  plan_study(options, registry, {folder, common.data_dir, common.threads}, display.listener());
  std::printf("%s\n", folder.c_str());
  return 0;
}

int trial_command(CellRegistry& registry, const std::string& folder, const std::string& id,
                  const CommonOptions& common, const std::atomic<bool>& stop) {
  const StudyRun run{folder, common.data_dir, common.threads};
  ProgressDisplay display(common.quiet);
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
