#include "cli/bench_command.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "bench/suite/catalogue_suite.hpp"
#include "bench/suite/peer_process.hpp"
#include "bench/suite/scan_suite.hpp"
#include "bench/suite/scan_table.hpp"
#include "cell/cell_file.hpp"
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

std::vector<peers::Sizes> sizes_of(const BenchArguments& arguments,
                                   const std::vector<peers::Sizes>& otherwise) {
  return arguments.sizes.empty() ? otherwise : parse_sizes(arguments.sizes);
}

// Names, and files, whose cells become names of the registry.
std::vector<std::string> cells_of(CellRegistry& registry, const BenchArguments& arguments) {
  std::vector<std::string> names;
  for (const std::string& cell : arguments.cells) {
    names.push_back(find_or_load(registry, cell).name);
  }
  return names;
}

// What a suite says while it runs, to a terminal and to --csv.
class Output {
 public:
  Output(const BenchArguments& arguments, bool quiet) : csv_(arguments.csv), progress_(quiet) {}

  void note(const std::string& text) {
    progress_.clear();
    std::fprintf(stderr, "note: %s\n", text.c_str());
  }
  void show(const std::string& what, double done, double seconds_left) {
    progress_.show(what, done, seconds_left);
  }
  void print(const std::string& text, const std::string& csv) {
    progress_.clear();
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    if (!csv_.empty()) write_text(csv_, csv);
  }
  void end() { progress_.clear(); }

  // Fills in what all listeners have.
  void attach(auto& listener) {
    listener.note = [this](const std::string& text) { note(text); };
    listener.progress = [this](const auto&... facts) { show(facts...); };
  }

 private:
  std::string csv_;
  ProgressLine progress_;
};

void bench_scan(CellRegistry& registry, const BenchArguments& arguments, int threads,
                const std::atomic<bool>& stop, Output& output) {
  ScanSuiteOptions options;
  options.sizes = sizes_of(arguments, default_sizes());
  if (!arguments.cells.empty()) options.cells = cells_of(registry, arguments);
  options.rounds = arguments.rounds;
  options.threads = threads;
  if (arguments.precision == "bf16") options.rounding = Rounding::bf16;
  if (!arguments.no_peers) {
    options.peers = arguments.peers.empty()
                        ? std::filesystem::read_symlink("/proc/self/exe").parent_path()
                        : std::filesystem::path(arguments.peers);
  }
  std::vector<ScanRow> rows;
  ScanListener listener;
  output.attach(listener);
  listener.rows = [&](const std::vector<ScanRow>& added) {
    const std::string head = rows.empty() ? table_head() : "";
    rows.insert(rows.end(), added.begin(), added.end());
    output.print(head + table_rows(added), to_csv(rows));
  };
  run_scan_suite(options, registry, stop, listener);
  if (!rows.empty()) output.print(table_foot(rows), to_csv(rows));
}

void bench_catalogue(CellRegistry& registry, const BenchArguments& arguments, int threads,
                     const std::atomic<bool>& stop, Output& output) {
  if (threads != 1) fail_input("bench catalogue: got {} threads, it measures one", threads);
  if (arguments.precision != "float") fail_input("bench catalogue measures float alone");
  CatalogueSuiteOptions options;
  options.sizes = sizes_of(arguments, {default_sizes()[1]});
  options.cells = cells_of(registry, arguments);
  if (options.cells.empty()) {
    for (const Cell& cell : registry.cells()) options.cells.push_back(cell.name);
  }
  options.rounds = arguments.rounds;
  std::vector<CatalogueRow> rows;
  CatalogueListener listener;
  output.attach(listener);
  listener.rows = [&](const std::vector<CatalogueRow>& added) {
    const std::string between = rows.empty() ? "" : "\n";
    rows.insert(rows.end(), added.begin(), added.end());
    output.print(between + catalogue_table(added), catalogue_csv(rows));
  };
  run_catalogue_suite(options, registry, stop, listener);
}

struct Suite {
  const char* name;
  void (*run)(CellRegistry&, const BenchArguments&, int threads, const std::atomic<bool>&, Output&);
};
constexpr std::array suites{Suite{"scan", bench_scan}, Suite{"catalogue", bench_catalogue}};

}  // namespace

int bench_command(CellRegistry& registry, const BenchArguments& arguments,
                  const CommonOptions& common, const std::atomic<bool>& stop) {
  Output output(arguments, common.quiet);
  std::vector<std::string> known;
  for (const Suite& suite : suites) {
    known.emplace_back(suite.name);
    if (arguments.suite != suite.name) continue;
    suite.run(registry, arguments, common.threads == 0 ? 1 : common.threads, stop, output);
    output.end();
    return stop ? exit_interrupted : 0;
  }
  fail_input("there is no suite '{}'{} (suites: {})", arguments.suite,
             did_you_mean(arguments.suite, known), fmt::join(known, ", "));
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
