#pragma once
// The command as a user runs it, in a folder of its own with a small study and a small set.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <regex>
#include <string>
#include <thread>
#include <vector>

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
train: {epochs: 2, patience: 0, batch: 5, shard: 2, weight_noise: 0.05, checkpoint_seconds: 0}
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

  // Everything of a run that must not depend on when it was interrupted.
  std::string essence(const std::string& run_folder) {
    std::string all;
    for (const auto& [key, archive] : read_archives(folder_ / run_folder / "checkpoint.h5")) {
      all += key;
      for (const auto& [name, tensor] : archive.floats) {
        all += name;
        all.append(reinterpret_cast<const char*>(tensor.data()), tensor.values().size_bytes());
      }
    }
    for (const char* name : {"results.csv", "curves.csv"}) {
      // Times have three decimals at the end of a field; figures have more.
      all += std::regex_replace(file_text(folder_ / run_folder / name),
                                std::regex(",[0-9]+\\.[0-9]{3},"), ",TIME,");
    }
    return all;
  }

  TemporaryFolder folder_;
};

}  // namespace carousel
