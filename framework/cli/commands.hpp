#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

/// What every command takes.
struct CommonOptions {
  std::string out;       // --out: the run folder
  std::string data_dir;  // --data
  int threads = 0;       // --threads; 0: all of the machine's
  bool quiet = false;    // --quiet: results and warnings only
};

// Each command returns the program's exit code, and throws the library's errors.

/// Trains every cell of a study and compares them.
int compare_command(const CellRegistry& registry, const std::string& study,
                    const std::vector<std::string>& overrides, const CommonOptions& common,
                    const std::atomic<bool>& stop);
/// Goes on with an interrupted run.
int resume_command(const CellRegistry& registry, const std::string& folder,
                   const CommonOptions& common, const std::atomic<bool>& stop);
/// Prints the result table of a run and writes its report.html anew.
int report_command(const CellRegistry& registry, const std::string& folder,
                   const CommonOptions& common);
/// Prints a cell: what it is, its equations as they are run, its parameter count, its schedule.
int show_command(const CellRegistry& registry, const std::string& cell, const CellSizes& sizes);
/// Lists the cells; as JSON on demand.
int cells_command(const CellRegistry& registry, bool json);

}  // namespace carousel
