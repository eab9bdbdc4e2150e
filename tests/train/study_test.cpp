// Studies as a program starts and resumes them, in a run folder.

#include "train/study.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "io/files.hpp"
#include "music_file.hpp"
#include "temporary_folder.hpp"
#include "train/saved_results.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class StudyTest : public testing::Test {
 protected:
  StudyTest() {
    std::filesystem::create_directories(folder_ / "sets/music");
    wandering_notes().write(folder_ / "sets/music/jsb_chorales.h5");
    options_.datasets = {{"jsb_chorales", "", 0}};
    options_.cells = {{"rnn_tanh", 5}};
    options_.train.epochs = 2;
    options_.train.batch = 5;
  }
  StudyRun at(const std::string& name) const {
    return {folder_ / name, folder_.path() / "sets", 2};
  }
  StudyResults start(const std::string& name) {
    return start_study(options_, registry_, at(name), stop_, {});
  }
  StudyResults resume(const std::string& name) {
    return resume_study(registry_, at(name), stop_, {});
  }

  TemporaryFolder folder_;
  CellRegistry registry_ = catalogue();
  StudyOptions options_;
  std::atomic<bool> stop_{false};
};

TEST_F(StudyTest, AFolderThatHoldsARunIsLeftAsItIs) {
  start("run");
  const std::string before = file_text(folder_ / "run/checkpoint.h5");
  options_.seeds = {2};
  EXPECT_THAT(error_of<InputError>([&] { start("run"); }),
              AllOf(HasSubstr("run: holds a run already"), HasSubstr("--out")));
  EXPECT_EQ(load_results(folder_ / "run").trials.at(0).seed, 1u);
  EXPECT_TRUE(file_text(folder_ / "run/checkpoint.h5") == before);
}

TEST_F(StudyTest, OnlyARunFolderIsResumedOrRead) {
  EXPECT_THAT(error_of<InputError>([&] { resume("none"); }),
              HasSubstr("none: this is no run folder, it has no study.yaml"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  EXPECT_THAT(error_of<InputError>([&] { resume("sets"); }), HasSubstr("no run folder"));
  EXPECT_THAT(error_of<InputError>([&] { load_results(folder_ / "sets"); }),
              HasSubstr("there is no checkpoint.h5, so no results yet"));
}

TEST_F(StudyTest, AFolderInUseIsNotResumed) {
  start("run");
  const FolderLock lock(folder_ / "run");
  EXPECT_THAT(error_of<InputError>([&] { resume("run"); }), HasSubstr("another process"));
}

TEST_F(StudyTest, AResumedRunTakesNoOtherSet) {
  start("run");
  std::filesystem::rename(folder_ / "sets/music/jsb_chorales.h5",
                          folder_ / "sets/music/nottingham.h5");
  const auto study = folder_ / "run/study.yaml";
  std::string yaml = read_text(study);
  yaml.replace(yaml.find("jsb_chorales"), std::string("jsb_chorales").size(), "nottingham");
  write_text(study, yaml);
  EXPECT_THAT(error_of<InputError>([&] { resume("run"); }),
              HasSubstr("the run used the data set 'jsb_chorales', but 'nottingham' is here"));
}

// Interrupted before the first update, in an epoch and between trials; on one thread, so that the
// place is always the same.
TEST_F(StudyTest, ResumedAnywhereEndsInTheSameBits) {
  options_.seeds = {3, 4};
  start("whole");
  for (const int updates : {0, 1, 3, 8}) {
    const std::string name = "stopped" + std::to_string(updates);
    StudyListener listener;
    int left = updates;
    stop_ = left == 0;
    listener.progress = [&](const auto&, const TrialRecord&, const Progress&) {
      if (--left == 0) stop_ = true;
    };
    StudyRun run = at(name);
    run.threads = 1;
    const StudyResults stopped = start_study(options_, registry_, run, stop_, listener);
    EXPECT_NE(stopped.trials.back().status, "done");
    stop_ = false;
    resume(name);
    const auto saved = [&](const std::string& run_folder) {
      auto all = read_archives(folder_ / run_folder / "checkpoint.h5");
      all.at(study_key).texts.clear();  // facts about the machine
      return all;
    };
    const auto of_trials = [](const std::string&, const Archive& a, const Archive& b) {
      return first_difference(a, b);
    };
    EXPECT_EQ(first_difference(saved(name), saved("whole"), of_trials), "") << updates;
  }
}

// Whichever of the seeds comes first.
TEST_F(StudyTest, ThePianoRollIsThatOfTheBestTrial) {
  const auto roll_of = [&](const std::vector<std::uint64_t>& seeds) {
    options_.seeds = seeds;
    std::string name = "run";
    for (const std::uint64_t seed : seeds) name += "-" + std::to_string(seed);
    const StudyResults results = start(name);
    EXPECT_EQ(results.piano_rolls.size(), 1u);
    const Tensor<float> expected = results.piano_rolls.at(0).expected;
    return std::pair(std::ranges::min_element(results.trials, {}, &TrialRecord::valid_nll)->seed,
                     std::vector<float>(expected.values().begin(), expected.values().end()));
  };
  const auto [best, roll] = roll_of({3, 4});
  ASSERT_FALSE(roll.empty());
  EXPECT_EQ(roll_of({4, 3}).second, roll);
  EXPECT_EQ(roll_of({best}).second, roll);
  EXPECT_NE(roll_of({7 - best}).second, roll);
}

}  // namespace
}  // namespace carousel
