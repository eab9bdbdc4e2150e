#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "cli/common_options.hpp"

namespace carousel {

// Each command returns the program's exit code, and throws the library's errors.

/// Trains every cell of a study and compares them.
int compare_command(CellRegistry& registry, const std::string& study,
                    const std::vector<std::string>& overrides, const CommonOptions& common,
                    const std::atomic<bool>& stop);
/// Which changes of a cell are trained, and how.
struct AblationArguments {
  std::string cell;             // name, or path of a .cell file
  std::string study;            // the study whose tasks, sizes, search and training are taken
  std::string changes = "all";  // StudyCell::ablate
  bool refit = false;           // StudyCell::refit
};
/// Trains a cell as it is and with its changes, as a study says, and compares each with the cell.
int ablation_command(CellRegistry& registry, const AblationArguments& arguments,
                     const std::vector<std::string>& overrides, const CommonOptions& common,
                     const std::atomic<bool>& stop);
/// Lists the trials of a study with what they set, and estimates time and disk. Trains nothing to
/// its end and writes nothing.
int dry_run_command(CellRegistry& registry, const std::string& study,
                    const std::vector<std::string>& overrides, const CommonOptions& common,
                    const std::atomic<bool>& stop);
/// Writes the report of a run anew: page, tables and plots.
void write_report_again(const std::string& folder);
/// Goes on with a run, with changes of the form key.sub=value.
int resume_command(CellRegistry& registry, const std::string& folder,
                   const std::vector<std::string>& overrides, const CommonOptions& common,
                   const std::atomic<bool>& stop);
/// Makes a run folder whose trials are then run one by one, and prints it.
int plan_command(CellRegistry& registry, const std::string& study,
                 const std::vector<std::string>& overrides, const CommonOptions& common);
/// Runs one trial of a run folder.
int trial_command(CellRegistry& registry, const std::string& folder, const std::string& id,
                  const CommonOptions& common, const std::atomic<bool>& stop);

/// Which trials are listed.
struct TrialListOptions {
  bool ready_only = false;  // those that can run now, ids alone
};
/// Lists the trials of a run folder: id, status, and whether it can run now.
int trial_list_command(const std::string& folder, const TrialListOptions& options);
/// Makes the tables and the report of a run folder from what its trials have saved.
int collect_command(const std::string& folder);
/// Prints the result table of a run and writes its report.html, table.md, table.tex and plots/
/// anew.
int report_command(const std::string& folder);

}  // namespace carousel
