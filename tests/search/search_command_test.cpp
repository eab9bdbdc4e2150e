// The search as a user runs it: results, killed and gone on with, bad input.

#include <gmock/gmock.h>

#include "cli/command_fixture.hpp"
#include "csv.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SearchCommand : public Command {
 protected:
  void SetUp() override {
    Command::SetUp();
    write("search.yaml", R"(name: found
cells: [rnn_tanh, lstm]
generations: 2
candidates: 6
population: 3
stages:
  memory: {study: memory.yaml, bar: 0.6, keep: 0.7}
  full:
    keep: 0.6
    study:
      task: {name: reber, examples: 100, valid: 40, test: 4}
      parameters: 400
      seeds: 2
      train: {epochs: 4, patience: 0, batch: 10, shard: 5, learning_rate: 0.02}
)");
    write("memory.yaml", R"(task: {name: reber, examples: 120, valid: 40, test: 4}
parameters: 300
train: {epochs: 6, patience: 0, batch: 10, shard: 5, learning_rate: 0.02}
)");
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  static std::vector<std::string> command(const std::string& out, const std::string& threads) {
    return {"search", "--study", "search.yaml", "--out", out, "--threads", threads};
  }

  // What a search says, and what its stages hold, must be the same.
  void expect_same(const std::string& one, const std::string& two) {
    for (const char* name :
         {"search.yaml", "candidates.csv", "generations.csv", "population.csv", "best.md"}) {
      EXPECT_EQ(first_difference(file_text(folder_ / one / name), file_text(folder_ / two / name)),
                "")
          << name;
    }
    int stages = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / one / "generations")) {
      if (entry.path().filename() != "study.h5") continue;
      const fs::path stage = fs::relative(entry.path().parent_path(), folder_ / one);
      EXPECT_EQ(difference((one / stage).string(), (two / stage).string()), "") << stage;
      ++stages;
    }
    EXPECT_GE(stages, 4);
    for (const auto& entry : fs::directory_iterator(folder_ / one / "cells")) {
      EXPECT_EQ(file_text(entry.path()),
                file_text(folder_ / two / "cells" / entry.path().filename()));
    }
  }

  // Starts a command and ends it by a signal once a file is there.
  Finished stop_at(const std::vector<std::string>& arguments, int signal, const fs::path& file) {
    const pid_t child = start(arguments);
    siginfo_t ended{};
    while (!fs::exists(folder_ / file) &&
           waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, signal);
    return wait(child);
  }
};

TEST_F(SearchCommand, KeepsThePopulationAndCountsWhatBecameOfMutants) {
  const Finished done = run(command("run", "2"));
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("rank"), HasSubstr("equations of the best: run/best.md")));
  EXPECT_THAT(done.err, AllOf(HasSubstr("generation 1 of 2: 6 candidates of "),
                              HasSubstr("generation 2, stage memory: 6 cells"), HasSubstr("left")));
  const auto rows = read_csv(file_text(folder_ / "run/candidates.csv"));
  ASSERT_EQ(rows.size(), 2u + 12u);
  std::map<std::string, int> by_status;
  std::map<std::string, int> went_on, survived;
  for (const Row& row : rows) {
    ++by_status[row.at("status")];
    const std::string name = row.at("cell");
    if (row.at("generation") == "0") continue;
    EXPECT_TRUE(fs::exists(folder_ / "run/cells" / (name + ".cell"))) << name;
    EXPECT_EQ(row.at("memory score").empty(), row.at("status") == "diverged") << name;
    const bool fell = row.at("status") != "survived" && row.at("stage") == "memory";
    if (row.at("stage") == "full") {
      ++went_on[row.at("generation")];
      survived[row.at("generation")] += row.at("status") == "survived" ? 1 : 0;
      EXPECT_GE(std::stod(row.at("memory score")), 0.6) << name;
    }
    EXPECT_EQ(row.at("full score").empty(), fell || row.at("status") == "diverged") << name;
  }
  for (const char* generation : {"1", "2"}) {
    EXPECT_GT(went_on[generation], 1);
    EXPECT_LE(went_on[generation], std::ceil(0.7 * 6));
    EXPECT_LE(survived[generation], std::ceil(0.6 * went_on[generation]));
  }
  EXPECT_EQ(by_status["waiting"], 0);
  EXPECT_GT(by_status["survived"], 2);
  EXPECT_GT(by_status["behind"], 0);
  const auto counts = read_csv(file_text(folder_ / "run/generations.csv"));
  ASSERT_EQ(counts.size(), 3u);
  for (std::size_t g = 1; g < counts.size(); ++g) {
    const auto count = [&](const char* name) { return std::stoi(counts[g].at(name)); };
    EXPECT_EQ(count("made"), count("twice_the_same") + count("malformed") + count("too_large") + 6);
    EXPECT_EQ(count("diverged") + count("behind_the_bar") + count("survivors"), 6);
  }
  // By rank; each is in the list of all.
  const auto ranks = read_csv(file_text(folder_ / "run/population.csv"));
  ASSERT_EQ(ranks.size(), 3u);
  double before = 1e9;
  for (const Row& row : ranks) {
    EXPECT_LE(std::stod(row.at("score")), before);
    before = std::stod(row.at("score"));
    EXPECT_THAT(file_text(folder_ / "run/best.md"), HasSubstr(row.at("cell")));
  }
  EXPECT_EQ(run({"report", "run"}).out, file_text(folder_ / "run/best.md"));
  // A candidate is a cell as any typed one.
  const Finished shown = run({"show", "run/cells/g1_1.cell"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("g1_1"));
}

TEST_F(SearchCommand, GoesOnToTheSameBitsOnAnyNumberOfThreads) {
  ASSERT_EQ(run(command("whole", "2")).code, 0);
  ASSERT_EQ(run(command("single", "1")).code, 0);
  expect_same("whole", "single");
  const Finished interrupted =
      stop_at(command("killed", "1"), SIGINT, "killed/generations/1/memory/study.yaml");
  EXPECT_EQ(interrupted.code, 130) << interrupted.err;
  EXPECT_THAT(interrupted.err, HasSubstr("interrupted; go on with: carousel resume killed"));
  const Finished killed =
      stop_at({"resume", "killed", "--threads", "2"}, SIGKILL, "killed/generations/1/full/trials");
  EXPECT_EQ(killed.code, -SIGKILL);
  stop_at({"resume", "killed"}, SIGKILL, "killed/generations/2/memory/study.h5");
  const Finished done = run({"resume", "killed", "--threads", "2"});
  EXPECT_EQ(done.code, 0) << done.err;
  expect_same("whole", "killed");
  // Nothing is left to do, and nothing changes.
  EXPECT_EQ(run({"resume", "killed"}).code, 0);
  expect_same("whole", "killed");
}

TEST_F(SearchCommand, TakesMoreGenerationsAndRefusesOtherOptions) {
  auto shorter = command("run", "2");
  shorter.push_back("generations=1");
  ASSERT_EQ(run(shorter).code, 0);
  const std::string before = file_text(folder_ / "run/search.yaml");
  for (const auto& [change, message] :
       {std::pair("seed=2", "is not the one that is made now"),
        std::pair("candidates=7", "it is of 6 cells, now there are 7"),
        std::pair("stages.memory.study.train.epochs=9", "train.epochs: '6' in the run, '9' now")}) {
    const Finished refused = run({"resume", "run", change});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr(message));
    EXPECT_EQ(file_text(folder_ / "run/search.yaml"), before) << change;
  }
  const Finished more = run({"resume", "run", "generations=2", "--threads", "2"});
  ASSERT_EQ(more.code, 0) << more.err;
  ASSERT_EQ(run(command("whole", "2")).code, 0);
  expect_same("whole", "run");
}

TEST_F(SearchCommand, RefusesBadInputAndWritesNothing) {
  const auto refused = [&](std::vector<std::string> more) {
    auto all = command("run", "2");
    all.insert(all.begin() + 1, more.begin(), more.end());
    const Finished done = run(all);
    EXPECT_EQ(done.code, 2);
    EXPECT_FALSE(fs::exists(folder_ / "run")) << done.err;
    return done.err;
  };
  EXPECT_THAT(refused({"lstn"}), HasSubstr("there is no cell 'lstn'; did you mean 'lstm'"));
  EXPECT_THAT(refused({"population=0"}),
              HasSubstr("population is '0', expected a whole number, 1"));
  EXPECT_THAT(refused({"populations=3"}), HasSubstr("there is no key 'populations'"));
  EXPECT_THAT(refused({"stages.full.study.task={name: next_frame, data: nothing}"}),
              HasSubstr("stages.full.study: "));
  fs::remove(folder_ / "memory.yaml");
  EXPECT_THAT(refused({}), AllOf(HasSubstr("search.yaml:7:19: stages.memory.study: "),
                                 HasSubstr("expected the path of a study")));
  write("memory.yaml", "task: parity\nparameters: 300\nbatch: 3\n");
  EXPECT_THAT(refused({}), AllOf(HasSubstr("memory.yaml:3:1"),
                                 HasSubstr("there is no key 'stages.memory.study.batch'")));
}

TEST_F(SearchCommand, WritesIntoNoFolderThatHoldsSomething) {
  fs::create_directories(folder_ / "run/other");
  EXPECT_THAT(run(command("run", "1")).err, HasSubstr("run: is not empty, it holds other"));
  auto few = command("first", "2");
  few.push_back("generations=1");
  few.push_back("candidates=1");
  ASSERT_EQ(run(few).code, 0);
  EXPECT_THAT(run(few).err, HasSubstr("go on with it by 'carousel resume first'"));
}

}  // namespace
}  // namespace carousel
