#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "study/study.hpp"

namespace carousel {

/// What a command returns where a check failed, or a trial has no sound figures.
inline constexpr int exit_check_failed = 1;
/// What a command returns after Ctrl-C.
inline constexpr int exit_interrupted = 130;

/// What every command takes.
struct CommonOptions {
  std::string out;              // --out: the run folder
  std::string data_dir;         // --data
  int threads = 0;              // --threads; 0: all of the machine's
  bool quiet = false;           // --quiet: results and warnings only
  bool accept_changes = false;  // --accept-changes: of what a run's results depend on
  std::string command;          // as it was typed
  /// From its call on a signal sets the commands' `stop`; before it a signal ends the program,
  /// which has nothing to save yet.
  std::function<void()> obey_signals = [] {};
};

/// What a study is run with, in this folder.
inline StudyRun run_in(const std::filesystem::path& folder, const CommonOptions& common) {
  return {folder, common.data_dir, common.threads, common.command, common.accept_changes};
}

}  // namespace carousel
