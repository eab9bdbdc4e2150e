#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <new>

#include "cell/plugin.hpp"
#include "cells/catalogue.hpp"
#include "cli/bench_command.hpp"
#include "cli/commands.hpp"
#include "io/version.hpp"
#include "tensor/error.hpp"

namespace {

constexpr int exit_check_failed = 1;
constexpr int exit_input = 2;
constexpr int exit_environment = 3;
constexpr int exit_bug = 4;

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// The first signal asks for a clean end; a second one ends the program at once.
void ask_to_stop() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int fail(int code, const char* message) {
  std::fprintf(stderr, "error: %s\n", message);
  return code;
}

int run(int argc, char** argv) {
  using namespace carousel;
  CellRegistry registry;
  register_catalogue(registry);

  CLI::App app("carousel: compares recurrent cells");
  app.set_version_flag("--version", std::string(version()) + " (" + commit() + ")");
  app.require_subcommand(1);
  app.fallthrough();
  CommonOptions common;
  app.add_option("--out", common.out, "Run folder (default: runs/NAME)");
  app.add_option("--data", common.data_dir, "Folder of the data sets (default: $CAROUSEL_DATA)");
  app.add_option("--threads", common.threads, "Threads (default: all); results do not depend on it")
      ->check(CLI::PositiveNumber);
  app.add_flag("--quiet", common.quiet, "Results and warnings only");
  std::vector<std::string> plugins;
  app.add_option("--plugin", plugins,
                 "Shared library with more cells (docs/plugins.md); repeatable")
      ->allow_extra_args(false);
  PluginOptions plugin_options;
  app.add_flag("--check-plugins", plugin_options.check_gradients,
               "Compare the derivatives of the plug-ins' ops with differences");

  std::string study;
  std::vector<std::string> overrides;
  auto* compare = app.add_subcommand("compare", "Train the cells of a study and compare them");
  compare->add_option("STUDY.yaml", study, "The study")->required();
  compare->add_option("key.sub=value", overrides, "Changes to the study, such as train.epochs=5");

  std::string folder;
  auto* resume = app.add_subcommand("resume", "Go on with an interrupted run");
  resume->add_option("RUN", folder, "Run folder")->required();
  auto* report = app.add_subcommand("report", "Table and report.html of a run");
  report->add_option("RUN", folder, "Run folder")->required();

  std::string cell;
  CellSizes sizes{88, 36};
  auto* show = app.add_subcommand("show", "Equations, size and schedule of a cell");
  show->add_option("CELL", cell, "Name of the cell")->required();
  show->add_option("--input", sizes.input, "Input size")->capture_default_str();
  show->add_option("--hidden", sizes.hidden, "Hidden size")->capture_default_str();

  bool json = false;
  auto* cells = app.add_subcommand("cells", "List the cells");
  cells->add_flag("--json", json, "As JSON");

  BenchArguments bench_arguments;
  auto* bench = app.add_subcommand("bench", "Measure against other libraries");
  bench->add_option("SUITE", bench_arguments.suite, "What to measure: scan")->required();
  bench->add_option("--cells", bench_arguments.cells, "Cells, such as lstm,gru_reset_after")
      ->delimiter(',');
  bench->add_option("--sizes", bench_arguments.sizes,
                    "T,B,I,H, or numbers of the default sizes, such as 1,2; several joined by ';'");
  bench->add_option("--rounds", bench_arguments.rounds, "Turns of each implementation")
      ->capture_default_str();
  bench->add_option("--csv", bench_arguments.csv, "File for the figures");
  bench->add_flag("--no-peers", bench_arguments.no_peers, "Ours alone");
  bench->add_option("--peers", bench_arguments.peers,
                    "Folder of the programs peer_* (default: that of carousel)");

  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' &&
      std::find(commands.begin(), commands.end(), argv[1]) == commands.end()) {
    fail_input("there is no command '{}'{} (see carousel --help)", argv[1],
               did_you_mean(argv[1], commands));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_input;
  }
  ask_to_stop();
  for (const auto& plugin : plugins) load_plugin(plugin, registry, plugin_options);
  if (*compare) return compare_command(registry, study, overrides, common, stop_requested);
  if (*resume) return resume_command(registry, folder, common, stop_requested);
  if (*report) return report_command(registry, folder, common);
  if (*bench) {
    restart_without_hampering_variables(argv);
    return bench_command(registry, bench_arguments, common, stop_requested);
  }
  if (*show) return show_command(registry, cell, sizes);
  return cells_command(registry, json);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const carousel::InputError& error) {
    return fail(exit_input, error.what());
  } catch (const carousel::NonFiniteError& error) {
    return fail(exit_check_failed, error.what());
  } catch (const carousel::EnvironmentError& error) {
    return fail(exit_environment, error.what());
  } catch (const std::bad_alloc&) {
    return fail(exit_environment, "not enough memory; try a smaller train.batch");
  } catch (const std::exception& error) {
    return fail(exit_bug, error.what());
  }
}
