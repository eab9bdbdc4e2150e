#include "cli/bench_command.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "bench/suite/peer_process.hpp"
#include "bench/suite/scan_suite.hpp"
#include "bench/suite/scan_table.hpp"
#include "cli/progress.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

// A line on the terminal that renews itself; silent elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : on_(!quiet && isatty(STDERR_FILENO)) {}
  ~ProgressLine() { clear(); }
  void show(const std::string& what, double done, double seconds_left) {
    if (!on_) return;
    std::fprintf(stderr, "\r\033[K%3.0f%% %.55s, %s left", 100.0 * done, what.c_str(),
                 clock_text(seconds_left).c_str());
    std::fflush(stderr);
  }
  void clear() {
    if (on_) std::fputs("\r\033[K", stderr);
  }

 private:
  bool on_;
};

ScanSuiteOptions scan_options(const BenchArguments& arguments, const CommonOptions& common) {
  ScanSuiteOptions options;
  options.sizes = arguments.sizes.empty() ? default_sizes() : parse_sizes(arguments.sizes);
  if (!arguments.cells.empty()) options.cells = arguments.cells;
  options.rounds = arguments.rounds;
  options.threads = common.threads == 0 ? 1 : common.threads;
  if (arguments.no_peers) return options;
  options.peers = arguments.peers.empty()
                      ? std::filesystem::read_symlink("/proc/self/exe").parent_path()
                      : std::filesystem::path(arguments.peers);
  return options;
}

}  // namespace

int bench_command(const CellRegistry& registry, const BenchArguments& arguments,
                  const CommonOptions& common, const std::atomic<bool>& stop) {
  if (arguments.suite != "scan") {
    fail_input("there is no suite '{}'{} (suites: scan)", arguments.suite,
               did_you_mean(arguments.suite, {"scan"}));
  }
  const ScanSuiteOptions options = scan_options(arguments, common);
  ProgressLine progress(common.quiet);
  std::vector<ScanRow> rows;
  const auto save = [&] {
    if (!arguments.csv.empty()) write_text(arguments.csv, to_csv(rows));
  };
  ScanListener listener;
  listener.note = [&](const std::string& text) {
    progress.clear();
    std::fprintf(stderr, "note: %s\n", text.c_str());
  };
  listener.progress = [&](const auto&... facts) { progress.show(facts...); };
  listener.rows = [&](const std::vector<ScanRow>& added) {
    progress.clear();
    if (rows.empty()) std::fputs(table_head().c_str(), stdout);
    std::fputs(table_rows(added).c_str(), stdout);
    std::fflush(stdout);
    rows.insert(rows.end(), added.begin(), added.end());
    save();
  };
  run_scan_suite(options, registry, stop, listener);
  progress.clear();
  if (!rows.empty()) std::fputs(table_foot(rows).c_str(), stdout);
  return stop ? exit_interrupted : 0;
}

void restart_without_hampering_variables(char** argv) {
  bool found = false;
  for (const auto& name : hampering_variables) {
    if (!std::getenv(name.c_str())) continue;
    std::fprintf(stderr, "note: measuring without %s=%s\n", name.c_str(),
                 std::getenv(name.c_str()));
    unsetenv(name.c_str());
    found = true;
  }
  if (!found) return;
  execv("/proc/self/exe", argv);
  throw EnvironmentError("bench: the program can't be started anew without these variables");
}

}  // namespace carousel
