// What a command promises when machines and people get in its way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "cli/command_fixture.hpp"
#include "command_line.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Reliability : public Command {
 protected:
  Reliability() {
    study_ = R"(name: small
task: {name: adding, lag: 12, examples: 40, valid: 10, test: 10}
cells: [{name: rnn_tanh, hidden: 3}, {name: gru_reset_after, hidden: 3}]
seeds: [3, 4]
train: {epochs: 6, patience: 0, batch: 5, shard: 2, checkpoint_seconds: 0}
)";
  }

  std::size_t processes() const {
    const char* wanted = std::getenv("CAROUSEL_STARTS");
    return wanted ? static_cast<std::size_t>(std::atoi(wanted)) : 20;
  }
};

TEST_F(Reliability, AnotherInstructionSetIsRefused) {
  setenv("CAROUSEL_ISA", "baseline", 1);
  setenv("OPENBLAS_CORETYPE", "Prescott", 1);
  EXPECT_EQ(compare("run").code, 0);
  unsetenv("CAROUSEL_ISA");
  unsetenv("OPENBLAS_CORETYPE");
  const Finished done = run({"resume", "run"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, AllOf(HasSubstr("isa: 'baseline' in the run, "), HasSubstr("blas: '"),
                              HasSubstr("Prescott")));
  EXPECT_EQ(run({"resume", "run", "--accept-changes"}).code, 0);
  EXPECT_THAT(file_text(folder_ / "run/run.json"), HasSubstr("\"accepted changes\": [\"isa: "));
}

// 4 kB: no checkpoint has room.
TEST_F(Reliability, AFileThatMayNotGrowIsCode3) {
  const CommandResult done = run_shell("cd " + folder_.path().string() + "; ulimit -f 8; " +
                                       CAROUSEL_BINARY " compare study.yaml --out run");
  EXPECT_EQ(done.code, 3) << done.text;
  EXPECT_THAT(done.text, HasSubstr("can't write it; has the disk room? (File too large)"));
}

TEST_F(Reliability, AProgramWithoutMemoryIsCode3) {
  for (const char* kilobytes : {"120000", "160000", "200000", "250000"}) {
    const CommandResult done =
        run_shell("cd " + folder_.path().string() + "; ulimit -v " + kilobytes + "; " +
                  CAROUSEL_BINARY " compare study.yaml --out run");
    EXPECT_EQ(done.code, 3) << kilobytes << " " << done.text;
    EXPECT_THAT(done.text, HasSubstr("not enough memory"));
    std::filesystem::remove_all(folder_ / "run");
  }
}

TEST_F(Reliability, OutputThatGoesNowhereIsCode3) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const CommandResult done = run_shell(CAROUSEL_BINARY " cells > /dev/full");
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.text, HasSubstr("standard output can't be written (No space left on device)"));
}

TEST_F(Reliability, APipeIsNoCell) {
  const CommandResult done = run_shell("cd " + folder_.path().string() + "; mkfifo a.cell; " +
                                       CAROUSEL_BINARY " check a.cell");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.text, HasSubstr("a.cell: can't read this file"));
}

// Each start takes a folder of its own; of those that want one folder, one has it.
TEST_F(Reliability, StartsAtOnceLeaveEachOtherAlone) {
  std::vector<pid_t> children;
  for (std::size_t k = 0; k < processes(); ++k) {
    children.push_back(start({"compare", "study.yaml", "--threads", "1", "train.epochs=1"}));
  }
  for (const pid_t child : children) EXPECT_EQ(wait(child).code, 0);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "runs")) {
    EXPECT_TRUE(std::filesystem::exists(entry.path() / "report.html")) << entry.path();
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names.size(), children.size());
  EXPECT_TRUE(names.contains("small") && names.contains("small-2"));

  children.clear();
  for (std::size_t k = 0; k < processes(); ++k) {
    children.push_back(start({"compare", "study.yaml", "--out", "one", "--threads", "1",
                              "seeds=" + std::to_string(100 + k)}));
  }
  std::size_t whole = 0;
  for (const pid_t child : children) {
    const int code = wait(child).code;
    whole += code == 0 ? 1 : 0;
    EXPECT_TRUE(code == 0 || code == 2) << code;
  }
  EXPECT_EQ(whole, 1u);
  EXPECT_EQ(run({"report", "one"}).code, 0);
}

TEST_F(Reliability, NothingTrainedIsCode1) {
  const Finished done = compare(
      "run", {"seeds=[3]", "cells=[{name: rnn_tanh, hidden: 3}]", "train.optimiser=sgd",
              "search={draws: 2, exponent_min: 87, exponent_max: 88}", "train.clip_norm=0"});
  EXPECT_EQ(done.code, 1) << done.err;
  EXPECT_THAT(done.err, HasSubstr("0 of the trials that count have figures"));
  EXPECT_EQ(run({"report", "run"}).code, 1);
}

TEST_F(Reliability, SignalsEndCommandsThatHaveNothingToSave) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t child = start({"check", "mlstm", "--input", "64", "--hidden", "128"});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    kill(child, signal);
    EXPECT_EQ(wait(child).code, -signal);
  }
}

TEST_F(Reliability, ASignalThatIsToBeIgnoredIsIgnored) {
  const CommandResult done = run_shell(
      "cd " + folder_.path().string() + "; trap '' HUP; " +
      CAROUSEL_BINARY
      " compare study.yaml --out run --quiet train.epochs=200 & sleep 0.3; kill -HUP $!; wait $!");
  EXPECT_EQ(done.code, 0) << done.text;
  EXPECT_THAT(done.text, HasSubstr("run/report.html"));
}

// One update of this study takes minutes: nothing waits for its end.
TEST_F(Reliability, ASignalStopsABatchInItsMiddle) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    std::filesystem::remove_all(folder_ / "run");
    const pid_t child =
        start({"compare", "study.yaml", "--out", "run", "seeds=[3]", "train.batch=4000",
               "train.shard=4000", "task.lag=1000", "task.examples=4000",
               "cells=[{name: gru_reset_after, hidden: 400}]"});
    const auto log = folder_ / "run/run.log";
    while (!std::filesystem::exists(log) || file_text(log).find("adding") == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    kill(child, signal);
    const Finished done = wait(child);
    EXPECT_EQ(done.code, 130);
    EXPECT_THAT(done.err, AllOf(HasSubstr("stopping: saves what was reached"),
                                HasSubstr("1 of 1 trials have not ended")));
    EXPECT_EQ(trials("run").begin()->second.counter("updates"), 0);
  }
}

// Killed at a random moment and resumed, again and again until it ends by itself.
TEST_F(Reliability, KilledAnywhereItEndsInTheSameBits) {
  const char* wanted = std::getenv("CAROUSEL_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 100;
  ASSERT_EQ(compare("whole").code, 0);
  std::mt19937 random(7);
  for (int done = 0; done < kills;) {
    std::filesystem::remove_all(folder_ / "run");
    // Longer each time, so that the slowest machine gets to the end.
    for (unsigned most = 300;; most += most / 10) {
      const bool is_there = std::filesystem::exists(folder_ / "run/study.yaml");
      const pid_t child = is_there ? start({"resume", "run", "--quiet"})
                                   : start({"compare", "study.yaml", "--out", "run", "--quiet"});
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % most));
      kill(child, SIGKILL);
      const Finished end = wait(child);
      if (end.code == 0) break;
      ASSERT_EQ(end.code, -SIGKILL) << end.err;
      ++done;
    }
    ASSERT_EQ(difference("run", "whole"), "") << "after " << done << " kills";
  }
}

}  // namespace
}  // namespace carousel
