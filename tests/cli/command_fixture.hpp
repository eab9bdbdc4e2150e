#pragma once
// The command as a user runs it, in a folder of its own with a small study and a small set.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "archive_difference.hpp"
#include "csv.hpp"
#include "io/archive.hpp"
#include "music_file.hpp"
#include "temporary_folder.hpp"

namespace carousel {

/// How a command ended.
struct Finished {
  int code = -1;  // exit code, or minus the signal
  std::string out, err;
};

/// Runs commands, and gathers what they leave.
class Command : public testing::Test {
 protected:
  // A study of a moment, on a set of a few short sequences.
  std::string study_ = R"(name: small
dataset: {name: jsb_chorales, fallback: chords}
cells:
  - {name: rnn_tanh, hidden: 6}
  - {name: gru_reset_after, hidden: 4}
seeds: [3, 4]
train: {epochs: 2, patience: 0, batch: 5, shard: 2, weight_noise: 0.05}
)";

  void SetUp() override {
    std::ofstream(folder_ / "study.yaml") << study_;
    std::filesystem::create_directories(folder_ / "sets/music");
    wandering_notes().write(folder_ / "sets/music/jsb_chorales.h5");
    setenv("CAROUSEL_DATA", (folder_ / "sets").c_str(), 1);
  }

  pid_t start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), CAROUSEL_BINARY);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const std::string out = folder_ / "out";
    const std::string err = folder_ / "err";
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder_.path().c_str()) != 0) _exit(99);
      // Whoever runs the tests may have them ignore these.
      for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
      for (const auto& [name, target] : {std::pair(out, 1), std::pair(err, 2)}) {
        const int file = open(name.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
        dup2(file, target);
        close(file);
      }
      execv(argv[0], argv.data());
      _exit(98);
    }
    return child;
  }

  Finished wait(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return {code, file_text(folder_ / "out"), file_text(folder_ / "err")};
  }

  Finished run(const std::vector<std::string>& arguments) { return wait(start(arguments)); }

  Finished compare(const std::string& out, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"compare", "study.yaml", "--out", out});
    return run(more);
  }

  // Goes on with a run that saved after each epoch. It saves no more until its end: each checkpoint
  // is flushed to the disk, which takes most of the time.
  Finished resume(const std::string& name) {
    return run({"resume", name, "train.checkpoint_seconds=60"});
  }

  // What the trials of a run have saved, by their ids.
  std::map<std::string, Archive> trials(const std::string& name) {
    std::map<std::string, Archive> all;
    const auto folder = folder_ / name / "trials";
    if (!std::filesystem::exists(folder)) return all;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto file = entry.path() / "checkpoint.h5";
      if (std::filesystem::exists(file)) all.merge(read_archives(file));
    }
    return all;
  }

  // Starts a study, ends it by a signal when `times` trials or more have saved this status, and
  // returns how it ended.
  Finished stop(const std::string& name, std::vector<std::string> more, int signal,
                const std::string& status, std::ptrdiff_t times = 1) {
    more.insert(more.begin(), {"compare", "study.yaml", "--out", name});
    return stop_command(name, more, signal, status, times);
  }

  // The same of any command that runs the trials of a folder.
  Finished stop_command(const std::string& name, const std::vector<std::string>& command,
                        int signal, const std::string& status, std::ptrdiff_t times) {
    const pid_t child = start(command);
    const auto is_ready = [&] {
      return std::ranges::count_if(trials(name), [&](const auto& trial) {
               return trial.second.text("status") == status;
             }) >= times;
    };
    siginfo_t ended{};  // stays empty while the child runs
    while (!is_ready() &&
           waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, signal);
    return wait(child);
  }

  // The first thing in which two runs differ that must not depend on threads or interruptions;
  // empty where there is none.
  std::string difference(const std::string& one, const std::string& two) {
    const std::string saved = checkpoint_difference(folder_ / one, folder_ / two);
    if (!saved.empty()) return saved;
    const auto of_fields = [](const std::string& field, const std::string& a,
                              const std::string& b) {
      return field == "seconds" || a == b ? "" : a + " and " + b;
    };
    for (const char* name : {"results.csv", "curves.csv", "baselines.csv"}) {
      const auto a = read_csv(file_text(folder_ / one / name));
      const auto b = read_csv(file_text(folder_ / two / name));
      if (a.size() != b.size()) return fmt::format("{}: {} and {} rows", name, a.size(), b.size());
      for (std::size_t row = 0; row < a.size(); ++row) {
        const std::string how = first_difference(a[row], b[row], of_fields);
        if (!how.empty()) return fmt::format("{}, row {}, {}", name, row + 1, how);
      }
    }
    return "";
  }

  TemporaryFolder folder_;
};

}  // namespace carousel
