// Studies as a program starts and resumes them, in a run folder.

#include "study/study.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "io/files.hpp"
#include "music_file.hpp"
#include "study/result_files.hpp"
#include "study/run_folder.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

class StudyTest : public testing::Test {
 protected:
  StudyTest() {
    std::filesystem::create_directories(folder_ / "sets/music");
    wandering_notes().write(folder_ / "sets/music/jsb_chorales.h5");
    TaskOptions on(find_task("next_frame").options);
    on.set("data", "jsb_chorales");
    options_.tasks = {{"next_frame", on}};
    options_.cells = {{"rnn_tanh", 5}};
    options_.train.epochs = 2;
    options_.train.batch = 5;
  }
  StudyRun at(const std::string& name) const {
    return {folder_ / name, folder_.path() / "sets", 2, "", false};
  }
  StudyResults start(const std::string& name) {
    return start_study(options_, registry_, at(name), stop_, {});
  }
  StudyResults resume(const std::string& name) {
    return resume_study(registry_, at(name), {}, stop_, {});
  }

  TemporaryFolder folder_;
  CellRegistry registry_ = catalogue();
  StudyOptions options_;
  std::atomic<bool> stop_{false};
};

TEST_F(StudyTest, AFolderThatHoldsARunIsLeftAsItIs) {
  start("run");
  const std::string before = file_text(folder_ / "run/study.h5");
  options_.seeds = {2};
  EXPECT_THAT(error_of<InputError>([&] { start("run"); }),
              AllOf(HasSubstr("run: holds a run already"), HasSubstr("--out")));
  EXPECT_EQ(RunFolder(folder_ / "run").results().trials.at(0).seed, 1u);
  EXPECT_TRUE(file_text(folder_ / "run/study.h5") == before);
}

TEST_F(StudyTest, AFolderThatHoldsAnythingElseIsLeftAsItIs) {
  std::filesystem::create_directories(folder_ / "mine");
  write_text(folder_ / "mine/results.csv", "what took me a year");
  EXPECT_THAT(error_of<InputError>([&] { start("mine"); }),
              AllOf(HasSubstr("mine: is not empty, it holds results.csv"), HasSubstr("--out")));
  EXPECT_EQ(read_text(folder_ / "mine/results.csv"), "what took me a year");
}

// In the middle of a batch too: what it had begun is done again by who goes on.
TEST_F(StudyTest, StoppedInsideABatchItEndsInTheSameBits) {
  options_.cells = {{"gru_reset_after", 5}};
  start("whole");
  int stops = 0;
  bool done = false;
  // Later each time by half, so that on any machine it ends soon after it has got past the longest
  // piece of work that is not stopped in.
  for (std::chrono::duration<double> after{1e-3}; !done; after *= 1.5) {
    stop_ = false;
    std::thread other;
    StudyListener listener;
    listener.begins = [&] {
      other = std::thread([&] {
        std::this_thread::sleep_for(after);
        stop_ = true;
      });
    };
    const StudyResults results =
        stops == 0 ? start_study(options_, registry_, at("parts"), stop_, listener)
                   : resume_study(registry_, at("parts"), {}, stop_, listener);
    other.join();
    const TrialRecord& trial = results.trials.at(0);
    done = trial.status == "done" && !std::isnan(trial.figure("nll", Split::test));
    stops += done ? 0 : 1;
  }
  EXPECT_GT(stops, 0);  // on a busy machine the other thread may come late
  EXPECT_EQ(checkpoint_difference(folder_ / "parts", folder_ / "whole"), "");
}

TEST_F(StudyTest, OnlyARunFolderIsResumedOrRead) {
  EXPECT_THAT(error_of<InputError>([&] { resume("none"); }),
              HasSubstr("none: this is no run folder, it has no study.yaml"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  EXPECT_THAT(error_of<InputError>([&] { resume("sets"); }), HasSubstr("no run folder"));
  EXPECT_THAT(error_of<InputError>([&] { RunFolder(folder_ / "sets").results(); }),
              HasSubstr("this is no run folder, it has no study.yaml"));
}

TEST_F(StudyTest, AFolderInUseIsNotResumed) {
  start("run");
  const FolderLock lock(folder_ / "run");
  EXPECT_THAT(error_of<InputError>([&] { resume("run"); }), HasSubstr("another process"));
}

// Interrupted before the first update, between epochs and between trials; on one thread, so that
// the place is always the same.
TEST_F(StudyTest, ResumedAnywhereEndsInTheSameBits) {
  options_.seeds = {3, 4};
  options_.train.epochs = 4;
  start("whole");
  for (const int epochs : {0, 1, 3, 4, 6}) {
    const std::string name = "stopped" + std::to_string(epochs);
    StudyListener listener;
    int left = epochs;
    stop_ = left == 0;
    listener.progress = [&](const auto&, const TrialRecord&, const Progress& p) {
      if (p.epoch_ended && --left == 0) stop_ = true;
    };
    StudyRun run = at(name);
    run.threads = 1;
    const StudyResults stopped = start_study(options_, registry_, run, stop_, listener);
    EXPECT_NE(stopped.trials.back().status, "done");
    stop_ = false;
    resume(name);
    EXPECT_EQ(checkpoint_difference(folder_ / name, folder_ / "whole"), "") << epochs;
  }
}

// As processes of their own would, in any order; one is stopped and run again.
TEST_F(StudyTest, TrialsRunOneByOneGiveTheSameBits) {
  options_.seeds = {3, 4};
  options_.search.draws = 2;
  options_.search.exponent_min = -6;
  options_.search.exponent_max = -3;
  const StudyResults whole = start("whole");
  plan_study(options_, registry_, at("parts"), {});
  const auto ids = [&](bool ready) {
    std::vector<std::string> found;
    for (const TrialState& trial : trial_states(folder_ / "parts")) {
      if (trial.ready == ready) found.push_back(trial.id);
    }
    return found;
  };
  const auto run = [&](const std::string& id) {
    return run_planned_trial(registry_, at("parts"), id, stop_, {});
  };
  ASSERT_EQ(ids(true).size(), 2u) << "the draws";
  const std::string waiting = ids(false).at(0);
  EXPECT_THAT(error_of<InputError>([&] { run(waiting); }),
              AllOf(HasSubstr("waits for the search"), HasSubstr(ids(true).at(1))));
  stop_ = true;
  EXPECT_EQ(run(ids(true).at(1)).status, "running");
  stop_ = false;
  const std::vector<std::string> draws = ids(true);
  EXPECT_EQ(run(draws.at(1)).status, "done");
  EXPECT_EQ(run(draws.at(0)).status, "done");
  ASSERT_EQ(ids(true).size(), 2u) << "the best draw, for its test figures, and the other seed";
  const std::vector<TrialRecord> chosen = RunFolder(folder_ / "parts").results().trials;
  const std::size_t best = chosen[0].selected ? 0 : 1;
  EXPECT_TRUE(chosen[best].selected) << "a report says so before they have run";
  EXPECT_EQ(chosen[2].learning_rate, chosen[best].learning_rate);
  EXPECT_EQ(chosen[2].draw, chosen[best].draw);
  for (const std::string& id : ids(true)) EXPECT_EQ(run(id).status, "done");
  EXPECT_TRUE(ids(true).empty());
  EXPECT_EQ(run(draws.at(0)).status, "done") << "a trial that has ended is left as it is";
  const auto keep_parameters = [&] {
    const RunFolder folder(folder_ / "parts");
    std::vector<bool> keep;
    for (const PlannedTrial& trial : folder.planned()) {
      keep.push_back(!folder.saved(trial)->archive.floats.empty());
    }
    return keep;
  };
  EXPECT_THAT(keep_parameters(), Each(true));
  const StudyResults collected = collect_study(folder_ / "parts");
  std::vector<bool> selected;
  for (const TrialRecord& trial : collected.trials) selected.push_back(trial.selected);
  EXPECT_EQ(keep_parameters(), selected);
  EXPECT_EQ(checkpoint_difference(folder_ / "parts", folder_ / "whole"), "");
  ASSERT_EQ(collected.trials.size(), whole.trials.size());
  for (std::size_t k = 0; k < whole.trials.size(); ++k) {
    EXPECT_EQ(collected.trials[k].selected, whole.trials[k].selected) << k;
  }
  EXPECT_EQ(collected.exhibits.size(), 1u);
  EXPECT_THAT(error_of<InputError>([&] { run("none"); }), HasSubstr("there is no trial 'none'"));
}

// A grid of 2 x 3 with 2 seeds: stopped three times, and each time gone on with.
TEST_F(StudyTest, AGridThatIsStoppedEndsInTheSameBits) {
  options_.grid = {{"model.depth", {"1", "2"}}, {"train.batch", {"4", "5", "6"}}};
  options_.seeds = {1, 2};
  options_.train.checkpoint_seconds = 0.0;
  const StudyResults whole = start("whole");
  ASSERT_EQ(whole.trials.size(), 12u);
  std::set<double> figures;
  for (const TrialRecord& r : whole.trials) figures.insert(r.figure("nll", Split::test));
  EXPECT_EQ(figures.size(), 12u) << "each trial is another one";
  int until_stop = 3;
  StudyListener listener;
  listener.trial_ended = [&](int, int, const TrialRecord&) {
    if (--until_stop == 0) stop_ = true;
  };
  start_study(options_, registry_, at("stopped"), stop_, listener);
  for (int k = 0; k < 2; ++k) {
    stop_ = false;
    until_stop = 2;
    resume_study(registry_, at("stopped"), {}, stop_, listener);
  }
  stop_ = false;
  resume("stopped");
  EXPECT_EQ(checkpoint_difference(folder_ / "stopped", folder_ / "whole"), "");
}

// Whether trials run as threads or one by one, the same draws are pruned.
TEST_F(StudyTest, HalvingOneByOneGivesTheSameBits) {
  options_.train.epochs = 6;
  options_.train.patience = 0;
  options_.seeds = {3, 4};
  options_.search.draws = 4;
  options_.search.halving = {2, 2};
  options_.search.space = {{"train.learning_rate", "log_uniform", {"1e-4", "1e-1"}},
                           {"hidden", "integer", {"3", "8"}}};
  const StudyResults whole = start("whole");
  const auto count = [&](const char* status) {
    return std::ranges::count(whole.trials, status, &TrialRecord::status);
  };
  EXPECT_EQ(count("done"), 2) << "one draw, and the other seed";
  EXPECT_EQ(count("pruned"), 3);
  plan_study(options_, registry_, at("parts"), {});
  int rounds = 0;
  for (bool any = true; any; ++rounds) {
    any = false;
    for (const TrialState& trial : trial_states(folder_ / "parts")) {
      if (!trial.ready) continue;
      any = true;
      run_planned_trial(registry_, at("parts"), trial.id, stop_, {});
    }
  }
  EXPECT_EQ(rounds, 5) << "to 2, 4 and 6 epochs, the seeds, and nothing";
  const StudyResults parts = collect_study(folder_ / "parts");
  EXPECT_EQ(checkpoint_difference(folder_ / "parts", folder_ / "whole"), "");
  for (std::size_t k = 0; k < whole.trials.size(); ++k) {
    EXPECT_EQ(parts.trials[k].status, whole.trials[k].status) << k;
  }
}

// Its trials' files are then written by that process alone.
TEST_F(StudyTest, ATrialThatAnotherProcessHasIsLeftToIt) {
  plan_study(options_, registry_, at("run"), {});
  const std::string id = trial_states(folder_ / "run").at(0).id;
  const FolderLock lock(RunFolder(folder_ / "run").trial_folder(id));
  EXPECT_THAT(error_of<InputError>([&] { run_planned_trial(registry_, at("run"), id, stop_, {}); }),
              HasSubstr("another process"));
}

// Each trial has a file of its own: what has ended is not written again.
TEST_F(StudyTest, ATrialThatHasEndedIsNotWrittenAgain) {
  options_.seeds = {1, 2, 3};
  options_.train.checkpoint_seconds = 0.0;
  start("run");
  std::vector<std::filesystem::file_time_type> times;
  for (const TrialState& trial : trial_states(folder_ / "run")) {
    times.push_back(
        std::filesystem::last_write_time(folder_ / "run/trials" / trial.id / "checkpoint.h5"));
  }
  resume("run");
  for (std::size_t k = 0; k < times.size(); ++k) {
    const std::string id = trial_states(folder_ / "run").at(k).id;
    EXPECT_EQ(std::filesystem::last_write_time(folder_ / "run/trials" / id / "checkpoint.h5"),
              times[k]);
  }
}

TEST_F(StudyTest, ARunOfAnEarlierVersionIsRefusedWithTheWayOut) {
  std::filesystem::create_directories(folder_ / "old");
  write_text(folder_ / "old/study.yaml", to_yaml(options_));
  write_text(folder_ / "old/checkpoint.h5", "what it held");
  for (const auto& action :
       {std::function<void()>([&] { resume("old"); }),
        std::function<void()>([&] { RunFolder(folder_ / "old").results(); })}) {
    EXPECT_THAT(error_of<InputError>(action),
                AllOf(HasSubstr("made by an earlier version"), HasSubstr("run the study again")));
  }
}

// Whichever of the seeds comes first.
TEST_F(StudyTest, ThePianoRollIsThatOfTheBestTrial) {
  const auto roll_of = [&](const std::vector<std::uint64_t>& seeds) {
    options_.seeds = seeds;
    std::string name = "run";
    for (const std::uint64_t seed : seeds) name += "-" + std::to_string(seed);
    const StudyResults results = start(name);
    EXPECT_EQ(results.exhibits.size(), 1u);
    const Tensor<float> expected = results.exhibits.at(0).exhibit.arrays.at("expected");
    return std::pair(std::ranges::min_element(results.trials, {}, &TrialRecord::chosen_by)->seed,
                     std::vector<float>(expected.values().begin(), expected.values().end()));
  };
  const auto [best, roll] = roll_of({3, 4});
  ASSERT_FALSE(roll.empty());
  EXPECT_EQ(roll_of({4, 3}).second, roll);
  EXPECT_EQ(roll_of({best}).second, roll);
  EXPECT_NE(roll_of({7 - best}).second, roll);
}

// On one thread, in the order of the plan.
TEST_F(StudyTest, ItsUserHearsOfEveryTrial) {
  options_.seeds = {5, 6, 7};
  StudyRun run = at("run");
  run.threads = 1;
  std::vector<std::string> ended, notes;
  int begins = 0, updates = 0;
  StudyListener listener;
  listener.begins = [&] { ++begins; };
  listener.note = [&](const std::string& text) { notes.push_back(text); };
  listener.trial_ended = [&](int now, int all, const TrialRecord& r) {
    ended.push_back(fmt::format("{} of {}: seed {} {}", now, all, r.seed, r.status));
  };
  listener.progress = [&](const auto& study, const TrialRecord& r, const Progress& p) {
    ++updates;
    const StudyProgress now = study();
    EXPECT_EQ(now.ended, std::ssize(ended));
    EXPECT_EQ(now.trials, 3);
    EXPECT_GE(now.seconds_left, 0.0);
    EXPECT_EQ(r.seed, 5u + ended.size());
    EXPECT_EQ(r.seconds, p.seconds);
    EXPECT_EQ(r.status, "running");
    if (p.epoch_ended) {
      EXPECT_EQ(r.epochs, p.epoch);
    }
  };
  const StudyResults results = start_study(options_, registry_, run, stop_, listener);
  EXPECT_EQ(begins, 1);
  EXPECT_GE(updates, 3 * 2) << "each epoch's end at least";
  EXPECT_THAT(ended, testing::ElementsAre("1 of 3: seed 5 done", "2 of 3: seed 6 done",
                                          "3 of 3: seed 7 done"));
  EXPECT_THAT(notes, testing::ElementsAre(results.problems.at(0).description));
}

TEST_F(StudyTest, TheLogHasTestFiguresOfSelectedTrialsAlone) {
  options_.seeds = {3, 4};
  options_.search.draws = 2;
  const StudyResults results = start("run");
  const std::vector<PlannedTrial> planned = RunFolder(folder_ / "run").planned();
  const std::string log = read_text(folder_ / "run/run.log");
  EXPECT_THAT(log, HasSubstr("study study with 2 threads\n"));
  EXPECT_THAT(log, HasSubstr(results.problems.at(0).description));
  int selected = 0;
  for (std::size_t k = 0; k < planned.size(); ++k) {
    const TrialRecord& r = results.trials[k];
    const std::string line = fmt::format("{} done: valid {} at epoch {} of {}", planned[k].id,
                                         r.chosen_by(), r.best_epoch, r.epochs);
    const std::string test = fmt::format(", test {}\n", r.figure("nll", Split::test));
    if (r.selected) {
      EXPECT_THAT(log, HasSubstr(line + test));
    }
    if (r.draw > 0 && r.seed == 3) {
      EXPECT_THAT(log, HasSubstr(line + "\n"));
    }
    selected += r.selected;
  }
  EXPECT_EQ(selected, 2);
}

TEST_F(StudyTest, ItsTablesHoldItsResults) {
  const StudyResults results = start("run");
  const auto expect_tables = [&] {
    EXPECT_EQ(read_text(folder_ / "run/results.csv"), results_csv(results));
    EXPECT_EQ(read_text(folder_ / "run/curves.csv"), curves_csv(results));
    EXPECT_EQ(read_text(folder_ / "run/baselines.csv"), baselines_csv(results));
  };
  expect_tables();
  for (const char* name : {"results", "curves", "baselines"}) {
    std::filesystem::remove(folder_ / "run" / (std::string(name) + ".csv"));
  }
  collect_study(folder_ / "run");
  expect_tables();
}

TEST_F(StudyTest, StoppedBeforeItBeginsNoTrialHasBegun) {
  options_.seeds = {1, 2};
  stop_ = true;
  const StudyResults results = start("run");
  EXPECT_THAT(results.trials, Each(testing::Field(&TrialRecord::status, "waiting")));
  const RunFolder folder(folder_ / "run");
  for (const PlannedTrial& trial : folder.planned()) {
    EXPECT_FALSE(folder.saved(trial).has_value()) << trial.id;
  }
  EXPECT_EQ(folder.known().provenance.sessions.at(0).back().second, "interrupted");
}

// Of a start that was killed before its study.yaml was there.
TEST_F(StudyTest, WhatAKilledStartHasLeftIsNoRun) {
  std::filesystem::create_directories(folder_ / "run/cells");
  for (const char* name :
       {"study.h5", "run.json", "study.h5.tmp", "run.json.tmp", "study.yaml.tmp"}) {
    write_text(folder_ / "run" / name, "half of it");
  }
  EXPECT_EQ(start("run").trials.at(0).status, "done");
}

TEST_F(StudyTest, ATrialAloneSaysHowFarItIs) {
  plan_study(options_, registry_, at("run"), {});
  StudyListener listener;
  int begins = 0, updates = 0;
  listener.begins = [&] { ++begins; };
  listener.progress = [&](const auto& study, const TrialRecord& r, const Progress& p) {
    ++updates;
    const StudyProgress now = study();
    EXPECT_EQ(now.ended, 0);
    EXPECT_EQ(now.trials, 1);
    EXPECT_DOUBLE_EQ(now.seconds_left, r.seconds * (1.0 - p.done) / p.done);
  };
  const std::string id = trial_states(folder_ / "run").at(0).id;
  EXPECT_EQ(run_planned_trial(registry_, at("run"), id, stop_, listener).status, "done");
  EXPECT_EQ(begins, 1);
  EXPECT_GT(updates, 2);
}

// Of the draws of a search the chosen one keeps its parameters; nothing is written once more.
TEST_F(StudyTest, ASearchThatHasEndedIsNotWrittenAgain) {
  options_.search.draws = 3;
  start("run");
  const RunFolder folder(folder_ / "run");
  const auto times = [&] {
    std::vector<std::filesystem::file_time_type> all;
    for (const PlannedTrial& trial : folder.planned()) {
      all.push_back(
          std::filesystem::last_write_time(folder_ / "run/trials" / trial.id / "checkpoint.h5"));
    }
    return all;
  };
  int kept = 0;
  for (const PlannedTrial& trial : folder.planned()) {
    kept += !folder.saved(trial)->archive.floats.empty();
  }
  EXPECT_EQ(kept, 1);
  const auto before = times();
  ASSERT_EQ(before.size(), 3u);
  resume("run");
  EXPECT_EQ(times(), before);
}

}  // namespace
}  // namespace carousel
