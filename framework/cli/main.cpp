#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>

#include "cell/plugin.hpp"
#include "cells/catalogue.hpp"
#include "cli/bench_command.hpp"
#include "cli/bounds.hpp"
#include "cli/cell_commands.hpp"
#include "cli/data_commands.hpp"
#include "cli/exchange_commands.hpp"
#include "cli/inspect_command.hpp"
#include "cli/memory.hpp"
#include "cli/run_command.hpp"
#include "cli/sample_command.hpp"
#include "cli/search_command.hpp"
#include "cli/study_commands.hpp"
#include "cli/task_commands.hpp"
#include "cli/translate_command.hpp"
#include "io/version.hpp"
#include "search/search_run.hpp"
#include "study/study_options.hpp"
#include "tensor/error.hpp"
#include "tensor/memory.hpp"
#include "train/cell_check.hpp"

namespace {

constexpr int exit_input = 2;
constexpr int exit_environment = 3;
constexpr int exit_bug = 4;

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// The first signal asks for a clean end; a second one ends the program at once.
void ask_to_stop(int) {
  stop_requested = true;
  constexpr std::string_view text =
      "\nstopping: saves what was reached (once more: ends at once, without)\n";
  static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
}

// But for those that whoever started the program has it ignore: nohup, a job in the background.
void obey_signals() {
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

// A file that grows beyond a limit, or a reader that has gone, is an error that a call returns.
void take_errors_from_calls() {
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

// Some libraries end the program themselves when they get no memory (HDF5, OpenBLAS).
bool ended_by_us = false;
void explain_exit() {
  if (ended_by_us) return;
  constexpr std::string_view text =
      "error: a library has ended the program, most likely for want of memory; what was saved is "
      "whole\n";
  static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
  std::_Exit(exit_environment);
}

// Ends the program without what libraries do at its end: threads of OpenBLAS that lack memory would
// wait for each other there.
[[noreturn]] void fail(int code, const char* message) {
  std::fprintf(stderr, "error: %s\n", message);
  std::fflush(nullptr);
  std::_Exit(code);
}

// What was printed counts only once it has reached its place.
int end(int code) {
  ended_by_us = true;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fprintf(stderr, "error: standard output can't be written (%s)\n", std::strerror(errno));
  std::_Exit(exit_environment);
}

std::string typed(int argc, char** argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) text += (i > 0 ? " " : "") + std::string(argv[i]);
  return text;
}

using namespace carousel;

// The commands with their arguments.
class CommandLine {
 public:
  CommandLine() {
    register_catalogue(registry_);
    app_.set_version_flag("--version", std::string(version()) + " (" + commit() + ")");
    app_.require_subcommand(1);
    app_.fallthrough();
    add_common();
    add_studies();
    add_trials();
    add_cells();
    add_run();
    add_search();
    add_data();
    add_export();
    add_sample();
    add_translate();
    add_inspect();
    add_bench();
  }

  int run(int argc, char** argv) {
    argv_ = argv;
    std::vector<std::string> names;
    for (const Command& command : commands_) names.push_back(command.app->get_name());
    if (argc > 1 && argv[1][0] != '-' &&
        std::find(names.begin(), names.end(), argv[1]) == names.end()) {
      fail_input("there is no command '{}'{} (see carousel --help)", argv[1],
                 did_you_mean(argv[1], names));
    }
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : exit_input;
    }
    common_.command = typed(argc, argv);
    common_.obey_signals = obey_signals;
    for (const auto& plugin : plugins_) load_plugin(plugin, registry_, plugin_options_);
    const auto chosen = std::find_if(commands_.begin(), commands_.end(),
                                     [](const Command& c) { return c.app->parsed(); });
    return chosen->run();
  }

 private:
  struct Command {
    CLI::App* app;
    std::function<int()> run;
  };

  CLI::App* add(const char* name, const char* doc, std::function<int()> run) {
    commands_.push_back({app_.add_subcommand(name, doc), std::move(run)});
    return commands_.back().app;
  }

  void add_common() {
    app_.add_option("--out", common_.out,
                    "Run folder (default: runs/NAME); run, import, sample: the file to write");
    app_.add_option("--data", common_.data_dir,
                    "Folder of the data sets (default: $CAROUSEL_DATA)");
    app_.add_option("--threads", common_.threads,
                    "Threads (default: all); results do not depend on it")
        ->check(within(1, 4096));
    app_.add_flag("--quiet", common_.quiet, "Results and warnings only");
    app_.add_option("--plugin", plugins_, "Shared library with further cells and ops; repeatable")
        ->allow_extra_args(false);
    app_.add_flag("--check-plugins", plugin_options_.check_gradients,
                  "Check the derivatives of the plug-ins' ops");
  }

  void add_studies() {
    auto* compare = add("compare", "Train the cells of a study and compare them", [this] {
      return dry_run_ ? dry_run_command(registry_, study_, changes(), common_, stop_requested)
                      : compare_command(registry_, study_, changes(), common_, stop_requested);
    });
    add_study(compare);
    add_tensorboard(compare);
    compare->add_flag("--dry-run", dry_run_,
                      "List the trials, estimate time and disk, and run nothing");
    auto* resume = add("resume", "Go on with an interrupted run", [this] {
      return is_search_run(folder_)
                 ? resume_search_command(registry_, folder_, overrides_, common_, stop_requested)
                 : resume_command(registry_, folder_, changes(), common_, stop_requested);
    });
    add_tensorboard(resume);
    resume->add_option("RUN", folder_, "Run folder")->required();
    resume->add_option("key.sub=value", overrides_,
                       "Changes that leave the trials the same, such as train.epochs=50 for more");
    add_accept_changes(resume);
    auto* report = add("report", "Table and report.html of a run", [this] {
      return is_search_run(folder_) ? search_report_command(folder_) : report_command(folder_);
    });
    report->add_option("RUN", folder_, "Run folder")->required();
    auto* tasks =
        add("tasks", "List the tasks with their options", [this] { return tasks_command(json_); });
    tasks->add_flag("--json", json_, "As JSON");
  }

  void add_study(CLI::App* command) {
    command->add_option("STUDY.yaml", study_, "The study")->required();
    command->add_option("key.sub=value", overrides_,
                        "Changes to the study, such as train.epochs=5; @FILE.csv: points, a line "
                        "each, with the keys in the first");
    command->add_option("-m", grid_, "A grid over a key, such as train.batch=8,16; repeatable")
        ->allow_extra_args(false);
  }

  void add_tensorboard(CLI::App* command) {
    command->add_flag("--tensorboard", tensorboard_,
                      "Write a file for TensorBoard into each trial's folder (log=tensorboard)");
  }

  // What was typed behind the study, as overrides.
  std::vector<std::string> changes() const {
    std::vector<std::string> all;
    for (const std::string& text : overrides_) {
      all.push_back(text.starts_with('@') ? points_override(text.substr(1)) : text);
    }
    for (const std::string& text : grid_) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos) fail_input("-m {}: expected key=value,value", text);
      all.push_back(fmt::format("grid.{}=[{}]", text.substr(0, equals), text.substr(equals + 1)));
    }
    if (tensorboard_) all.push_back("log=tensorboard");
    return all;
  }

  // For who runs each trial as a process of its own.
  void add_trials() {
    auto* plan = add("plan", "Make the run folder of a study, and run nothing",
                     [this] { return plan_command(registry_, study_, changes(), common_); });
    add_study(plan);
    add_tensorboard(plan);
    auto* trial = add("trial", "Run one trial of a run folder, or list them", [this] {
      return trial_.empty() ? trial_list_command(folder_, trial_list_)
                            : trial_command(registry_, folder_, trial_, common_, stop_requested);
    });
    trial->add_option("RUN", folder_, "Run folder")->required();
    trial->add_option("ID", trial_, "The trial; without it they are listed");
    add_accept_changes(trial);
    trial->add_flag("--ready", trial_list_.ready_only, "List those that can run now, ids alone");
    auto* collect =
        add("collect", "Tables and report of what the trials of a run folder have saved",
            [this] { return collect_command(folder_); });
    collect->add_option("RUN", folder_, "Run folder")->required();
  }

  void add_accept_changes(CLI::App* command) {
    command->add_flag("--accept-changes", common_.accept_changes,
                      "Go on though program, libraries, data, cells or study.yaml have changed");
  }

  static void add_cell(CLI::App* command, CellArguments& to) {
    command->add_option("CELL", to.cell, "Name of a cell, or path of a .cell file")->required();
    command->add_option("--set", to.hyper, "Hyperparameter, such as depth=3; repeatable")
        ->allow_extra_args(false);
  }

  static void add_sizes(CLI::App* command, CellArguments& to, const CellSizes& otherwise,
                        const std::string& note) {
    command->add_option("--input", to.input,
                        fmt::format("Input size (default: {}{})", otherwise.input, note));
    command->add_option("--hidden", to.hidden,
                        fmt::format("Hidden size (default: {}{})", otherwise.hidden, note));
  }

  void add_cells() {
    auto* cells = add("cells", "List the cells", [this] {
      return markdown_ ? catalogue_command(registry_)
                       : cells_command(registry_, pattern_, group_, json_);
    });
    cells->add_option("PATTERN", pattern_, "Part of a name, title or reference");
    cells->add_option("--group", group_, "Group of the catalogue, such as gru");
    cells->add_flag("--json", json_, "As JSON");
    cells->add_flag("--markdown", markdown_, "The catalogue's page, cells/README.md");

    auto* show = add("show", "Equations, size and schedule of a cell",
                     [this] { return show_command(registry_, cell_, variant_, latex_); });
    add_cell(show, cell_);
    add_sizes(show, cell_, shown_sizes, "");
    show->add_option("--variant", variant_, "One of the cell's single changes (carousel ablate)");
    show->add_flag("--latex", latex_, "The equations as LaTeX");

    auto* check = add("check", "Check a cell: gradients, scan, training",
                      [this] { return check_command(registry_, cell_, check_seconds_, common_); });
    add_cell(check, cell_);
    add_sizes(check, cell_, checked_sizes, ", or one near it that fits");
    check->add_option("--seconds", check_seconds_, "Longest training run")
        ->check(within(0.001, 86400.0))
        ->capture_default_str();

    auto* create = add("new", "Write NAME.cell to begin from",
                       [this] { return new_command(registry_, name_); });
    create->add_option("NAME", name_, "Name of the new cell")->required();

    auto* ablate =
        add("ablate", "Changes of a cell: list, print, or train them and compare", [this] {
          if (!ablation_.study.empty() && !list_) {
            ablation_.cell = cell_.cell;
            return ablation_command(registry_, ablation_, changes(), common_, stop_requested);
          }
          if (overrides_.size() > 1)
            fail_input("got the variant '{}' and '{}', expected one", overrides_[0], overrides_[1]);
          const std::string change = list_ || overrides_.empty() ? std::string() : overrides_[0];
          return ablate_command(registry_, cell_, change, json_);
        });
    add_cell(ablate, cell_);
    add_sizes(ablate, cell_, shown_sizes, "");
    ablate->add_option("VARIANT", overrides_,
                       "The change to print; with --study: changes to the study, such as seeds=3");
    ablate->add_option("--study", ablation_.study,
                       "Train the cell as it is and with its changes as this study says");
    ablate
        ->add_option("--changes", ablation_.changes,
                     "all, pairs (every one and every two), or names with commas")
        ->capture_default_str();
    add_tensorboard(ablate);
    ablate->add_flag("--refit", ablation_.refit,
                     "Solve hidden sizes, so that each has the parameters of the cell as it is");
    ablate->add_flag("--list", list_, "List the changes (also without it, when none is named)");
    ablate->add_flag("--json", json_, "As JSON");
  }

  void add_run() {
    auto* run = add("run", "Run a cell over sequences of your own, and write what it gives",
                    [this] { return run_command(registry_, run_, common_); });
    add_cell(run, run_.cell);
    run->add_option("--hidden", run_.cell.hidden, "Hidden size")->required();
    run->add_option("--x", run_.x,
                    "The sequences: .npy of [steps, batch, input], .npz with x and more, .csv")
        ->required();
    run->add_option("--weights", run_.weights,
                    "Parameters by name, .npz or .safetensors (default: drawn as in training)");
    run->add_option("--layer", run_.layer, "Of a model's weights: such as layers/0/forward");
    run->add_option("--probe", run_.probes, "Values of the equations to write, such as z,c")
        ->delimiter(',');
    run->add_flag("--gradients", run_.gradients,
                  "Write the gradients of the sum of the outputs too");
    add_seed(run, run_.seed);
  }

  void add_search() {
    auto* search = add("search", "Make cells from cells, and keep those that learn best", [this] {
      return search_command(registry_, search_, common_, stop_requested);
    });
    search->add_option("CELL", search_.words,
                       "The cells to begin from (default: those of the file); key.sub=value: "
                       "changes to the file, such as generations=8");
    search->add_option("--study", search_.search, "The search: its stages, and how many candidates")
        ->required();
  }

  void add_data() {
    auto* import = add(
        "import", "A data set in its public form, or another library's weights, into ours", [this] {
          if (import_.kind != "weights") return import_command(import_, common_);
          weights_.file = import_.file;
          return import_weights_command(registry_, weights_, common_);
        });
    import->add_option("KIND", import_.kind, "What it is: music, weights")->required();
    import
        ->add_option("FILE", import_.file,
                     "The set, such as JSB_Chorales.mat; weights: .pt, .h5, .keras, .onnx, "
                     ".safetensors, .npz")
        ->required();
    import->add_option("--as", weights_.kind, "Of weights: their layout, such as pytorch-lstm");
    import
        ->add_option("--layer", weights_.layers,
                     "Of weights: the module, such as encoder.rnn; several layers: a,b")
        ->delimiter(',');
    import->add_option("--to", weights_.to, "Of weights: the file, .safetensors or .npz");
    import->add_option("--input", weights_.input, "Of weights: the input size to expect");
    import->add_option("--hidden", weights_.hidden, "Of weights: the hidden size to expect");
    auto* data = add("data", "List the data sets: where each is, or that it is missing",
                     [this] { return data_command(json_, common_); });
    data->add_flag("--json", json_, "As JSON");
    import->add_flag("--digest", import_.digest_only,
                     "Print the SHA-256 of a set's content (of an .h5 too), and write nothing");
  }

  void add_export() {
    auto* command = add("export", "A run's model or a cell, for other programs",
                        [this] { return export_command(registry_, export_, common_); });
    command->add_option("RUN|CELL", export_.source, "Run folder, or a cell")->required();
    command->add_option("--to", export_.to, "The file to write, .safetensors, .npz or .onnx")
        ->required();
    command->add_option("--as", export_.kind,
                        "In the layout of another library, such as pytorch-lstm");
    command->add_flag("--all-inputs", export_.all_inputs,
                      "Of a graph of ONNX: lengths and first states have no default");
    command->add_option("--trial", export_.model.trial, "Of a run: its id (default: the best)");
    command->add_option("--cell", export_.model.cell, "Of a run: the cell");
    command->add_option("--dataset", export_.model.dataset, "Of a run: what it was trained on");
    command->add_option("--input", export_.cell.input, "Of a cell: input size");
    command->add_option("--hidden", export_.cell.hidden, "Of a cell: hidden size");
    command->add_option("--set", export_.cell.hyper, "Of a cell: hyperparameter; repeatable")
        ->allow_extra_args(false);
    command->add_option("--weights", export_.weights,
                        "Of a cell: its parameters (default: drawn as in training)");
    command->add_option("--layer", export_.layer,
                        "Of several scans: such as layers/0/forward (--as: all)");
    add_seed(command, export_.seed);
  }

  void add_sample() {
    auto* sample = add("sample", "Text from a trained model, or music as a MIDI file",
                       [this] { return sample_command(registry_, model_, sample_, common_); });
    add_model(sample);
    add_seed(sample, sample_.seed);
    sample->add_option("--steps", sample_.steps, "Symbols to draw, or frames of a quaver")
        ->check(within(1, 100000))
        ->capture_default_str();
    sample
        ->add_option("--prime", sample_.prime,
                     "Start from so many symbols or frames of the test part (default: nothing)")
        ->check(within(0, 100000));
    sample->add_option("--text", sample_.text, "Of language models: what to start from");
    add_rule(sample, sample_.rule);
  }

  // Which model of a run.
  void add_model(CLI::App* command) {
    command->add_option("RUN", model_.run, "Run folder")->required();
    command->add_option("--trial", model_.trial, "Its id (default: that of the best model)");
    command->add_option("--cell", model_.cell, "Cell (default: that of the best model)");
    command->add_option("--dataset", model_.dataset, "Data set that the model was trained on");
  }

  static void add_seed(CLI::App* command, std::uint64_t& seed) {
    command->add_option("--seed", seed, "Of the random numbers")
        ->check(within<std::uint64_t>(0, 9007199254740991))
        ->capture_default_str();
  }

  static void add_rule(CLI::App* command, SymbolRule& rule) {
    command->add_option("--temperature", rule.temperature, "Divides the logits; 0: the likeliest")
        ->check(within(0.0, 1000.0))
        ->capture_default_str();
    command->add_option("--top-k", rule.top_k, "Draw among so many likeliest; 0: all")
        ->check(within<Index>(0, 1 << 24))
        ->capture_default_str();
    command->add_option("--top-p", rule.top_p, "Of these, the likeliest with this probability")
        ->check(within(1e-6, 1.0))
        ->capture_default_str();
  }

  void add_translate() {
    auto* translate = add("translate", "Translate the lines of the standard input", [this] {
      if (draws_) translate_.drawn = sample_.rule;
      return translate_command(registry_, model_, translate_, reference_, common_);
    });
    add_model(translate);
    translate->add_option("--beam", translate_.beam, "Translations that are followed at a time")
        ->check(within<Index>(1, 1000))
        ->capture_default_str();
    translate->add_option("--norm", translate_.norm, "They are ranked by log p / length^NORM")
        ->check(within(0.0, 10.0))
        ->capture_default_str();
    translate->add_option("--n-best", translate_.best, "Of each sentence, at most the beam")
        ->check(within<Index>(1, 1000))
        ->capture_default_str();
    translate->add_flag("!--no-unknown", translate_.unknown, "Write no unknown words");
    translate->add_flag("--draw", draws_, "Draw words in the place of a search");
    translate->add_option("--reference", reference_,
                          "Translations, a line for a line: prints BLEU and chrF2 at the end");
    add_seed(translate, translate_.seed);
    add_rule(translate, sample_.rule);
    auto* score = add("score", "How likely a model finds translations: log p of each",
                      [this] { return score_command(registry_, model_, pair_, common_); });
    add_model(score);
    score->add_option("SOURCE", pair_.source_file, "Sentences, one a line")->required();
    score->add_option("TARGET", pair_.target_file, "Their translations, one a line")->required();
    score
        ->add_option("--show", pair_.show,
                     "log-p; links: where attention looks; gradients: by source word")
        ->check(CLI::IsMember(PairRequest::shown()))
        ->capture_default_str();
    score->add_flag("--at-start", pair_.at_start, "With the values from before training");
  }

  void add_inspect() {
    auto* inspect = add("inspect", "What happens inside: gradients through time, gates, Jacobians",
                        [this] { return inspect_command(registry_, model_, inspect_, common_); });
    inspect->add_option("RUN", model_.run, "Run folder")->required();
    inspect->add_option("--trial", model_.trial, "Its id (default: the best one of each cell)");
    inspect->add_option("--cell", model_.cell, "Only models of this cell");
    inspect->add_option("--dataset", model_.dataset, "Only models of this data set");
    inspect
        ->add_option("--probe", inspect_.probes,
                     "Further values of the equations, such as z,r; grad:h: that state alone")
        ->delimiter(',');
    inspect
        ->add_option("--examples", inspect_.examples,
                     "Of the validation part, for gradients and values")
        ->check(within(1, 1000000))
        ->capture_default_str();
    inspect->add_option("--steps", inspect_.jacobian_steps, "Of the first example, for Jacobians")
        ->check(within(1, 100000))
        ->capture_default_str();
  }

  void add_bench() {
    auto* bench =
        add("bench", "Measure cells beside other libraries, or beside their bound", [this] {
          obey_signals();
          restart_without_hampering_variables(argv_);
          return bench_command(registry_, bench_, common_, stop_requested);
        });
    bench->add_option("SUITE", bench_.suite, "What to measure: scan, catalogue")->required();
    bench->add_option("--cells", bench_.cells, "Cells, such as lstm,mine.cell")->delimiter(',');
    bench->add_option(
        "--sizes", bench_.sizes,
        "T,B,I,H, or numbers of the default sizes, such as 1,2; several joined by ';'");
    bench->add_option("--rounds", bench_.rounds, "Turns of each implementation")
        ->check(within(1, 100000))
        ->capture_default_str();
    bench
        ->add_option("--precision", bench_.precision,
                     "Of scan: float, or bf16, which rounds the operands of products")
        ->check(CLI::IsMember({"float", "bf16"}))
        ->capture_default_str();
    bench->add_option("--csv", bench_.csv, "File for the figures");
    bench->add_flag("--no-peers", bench_.no_peers, "Ours alone");
    bench->add_option("--peers", bench_.peers,
                      "Folder of the programs peer_* (default: that of carousel)");
  }

  CLI::App app_{"carousel: compares recurrent cells"};
  std::vector<Command> commands_;
  char** argv_ = nullptr;
  CellRegistry registry_;
  CommonOptions common_;
  std::vector<std::string> plugins_;
  PluginOptions plugin_options_;
  std::string study_, folder_, pattern_, group_, variant_, name_;
  std::vector<std::string> overrides_, grid_;
  bool tensorboard_ = false;
  CellArguments cell_;
  AblationArguments ablation_;
  SearchArguments search_;
  RunArguments run_;
  BenchArguments bench_;
  ImportArguments import_;
  ImportWeightsArguments weights_;
  ExportArguments export_;
  std::string trial_;
  TrialListOptions trial_list_;
  ModelOfRun model_;
  SampleRequest sample_;
  TranslateOptions translate_;
  bool draws_ = false;
  std::string reference_;
  PairRequest pair_;
  InspectOptions inspect_;
  double check_seconds_ = 2.0;
  bool json_ = false, markdown_ = false, latex_ = false, list_ = false, dry_run_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  take_errors_from_calls();
  carousel::keep_freed_memory();
  std::atexit(explain_exit);
  std::set_new_handler(end_for_want_of_memory);
  try {
    return end(CommandLine().run(argc, argv));
  } catch (const carousel::InputError& error) {
    fail(exit_input, error.what());
  } catch (const carousel::NonFiniteError& error) {
    fail(exit_check_failed, error.what());
  } catch (const carousel::EnvironmentError& error) {
    fail(exit_environment, error.what());
  } catch (const std::bad_alloc&) {
    end_for_want_of_memory();
  } catch (const std::exception& error) {
    // TBB's, where the system has no memory for a thread's stack, or no more threads.
    if (std::string_view(error.what()).starts_with("pthread_create")) end_for_want_of_memory();
    fail(exit_bug, error.what());
  }
}
