// What a run folder holds reads back as it was; what is at odds is refused with its place.

#include "study/run_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "io/files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const char* const yaml = R"(name: mine
description: two lines
task: [adding, {name: copy_memory, lag: 20}]
cells: [{name: lstm, hidden: 4}]
seeds: [7, 8]
published: [{source: a paper, dataset: adding, cell: lstm, test_error: 0.25}]
)";

PlannedTrial trial(const char* id, std::size_t problem, std::uint64_t seed) {
  PlannedTrial planned;
  planned.id = id;
  planned.problem = problem;
  planned.cell = 3;
  planned.record.cell = "lstm";
  planned.record.seed = seed;
  planned.record.status = "waiting";
  planned.record.learning_rate = 0.01;
  planned.record.metrics = {"error", "success"};
  planned.record.loss = "error";
  return planned;
}

class RunFolderTest : public testing::Test {
 protected:
  RunFolderTest() {
    known_.study_yaml = yaml;
    known_.cell_texts = {{"lstm", "its equations"}, {"gru", "others"}};
    known_.provenance = {"run 1",
                         {{"isa", "avx2"}, {"data x", "digest"}},
                         {{{"started", "now"}}, {{"started", "later"}, {"threads", "2"}}},
                         {"one change", "another"}};
    MetricInfo error, success;
    error.name = "error";
    error.title = "mean error";
    error.unit = "volts";
    error.decimals = 5;
    success.name = "success";
    success.title = "share";
    success.better = Better::higher;
    success.goal = 0.75;
    Baseline mean, last;
    mean.name = "the mean";
    mean.figures["error"] = {{1.5, 2.5, 3.5}};
    mean.figures["success"] = {{0.125, 0.25, 0.5}};
    last.name = "the last";
    last.figures["error"] = {{4.5, not_known, 6.5}};
    known_.problems = {{"adding", "adding", "sums", {error, success}, "error", {mean, last}},
                       {"copying", "copy_memory", "copies", {success}, "success", {}}};
    planned_ = {trial("a", 0, 7), trial("b", 1, 8)};
    folder_ = std::make_unique<RunFolder>(path(), known_, planned_, parse_study(yaml, "here", {}));
  }
  std::filesystem::path path() const { return place_.path(); }
  // What is said of the folder when its study.h5 has changed.
  std::string error_after(const std::function<void(std::map<std::string, Archive>&)>& change) {
    auto archives = read_archives(path() / "study.h5");
    change(archives);
    write_archives(path() / "study.h5", archives);
    return error_of<InputError>([&] { RunFolder{path()}; });
  }

  TemporaryFolder place_;
  StudyResults known_;
  std::vector<PlannedTrial> planned_;
  std::unique_ptr<RunFolder> folder_;
};

TEST_F(RunFolderTest, WhatIsKnownOfItsProblemsReadsBack) {
  const StudyResults read = RunFolder(path()).known();
  ASSERT_EQ(read.problems.size(), 2u);
  for (std::size_t p = 0; p < 2; ++p) {
    const StudyProblem &was = known_.problems[p], &is = read.problems[p];
    EXPECT_EQ(is.name, was.name);
    EXPECT_EQ(is.task, was.task);
    EXPECT_EQ(is.description, was.description);
    EXPECT_EQ(is.loss, was.loss);
    ASSERT_EQ(is.metrics.size(), was.metrics.size());
    for (std::size_t k = 0; k < was.metrics.size(); ++k) {
      EXPECT_EQ(is.metrics[k].name, was.metrics[k].name);
      EXPECT_EQ(is.metrics[k].title, was.metrics[k].title);
      EXPECT_EQ(is.metrics[k].unit, was.metrics[k].unit);
      EXPECT_EQ(is.metrics[k].better, was.metrics[k].better);
      EXPECT_EQ(is.metrics[k].decimals, was.metrics[k].decimals);
    }
  }
  EXPECT_TRUE(std::isnan(read.problems[0].metrics[0].goal));
  EXPECT_EQ(read.problems[0].metrics[1].goal, 0.75);
  EXPECT_TRUE(read.problems[1].baselines.empty());
  const std::vector<Baseline>& baselines = read.problems[0].baselines;
  ASSERT_EQ(baselines.size(), 2u);
  EXPECT_EQ(baselines[0].name, "the mean");
  EXPECT_EQ(baselines[1].name, "the last");
  const auto figure = [&](std::size_t k, const char* metric, Split split) {
    return figure_of(baselines[k].figures, metric, split);
  };
  EXPECT_EQ(figure(0, "error", Split::train), 1.5);
  EXPECT_EQ(figure(0, "error", Split::valid), 2.5);
  EXPECT_EQ(figure(0, "error", Split::test), 3.5);
  EXPECT_EQ(figure(0, "success", Split::test), 0.5);
  EXPECT_EQ(figure(1, "error", Split::test), 6.5);
  EXPECT_TRUE(std::isnan(figure(1, "error", Split::valid)));
  EXPECT_TRUE(std::isnan(figure(1, "success", Split::train)));
}

TEST_F(RunFolderTest, WhereItComesFromReadsBack) {
  const RunFolder read(path());
  const Provenance &was = known_.provenance, &is = read.known().provenance;
  EXPECT_EQ(is.run, was.run);
  EXPECT_EQ(is.depends_on, was.depends_on);
  EXPECT_EQ(is.sessions, was.sessions);
  EXPECT_EQ(is.accepted, was.accepted);
  EXPECT_EQ(read_text(path() / "run.json"), to_json(was));
  EXPECT_EQ(read.known().cell_texts, known_.cell_texts);
}

TEST_F(RunFolderTest, TheStudyReadsBack) {
  const RunFolder read(path());
  EXPECT_EQ(read.known().study, "mine");
  EXPECT_EQ(read.known().description, "two lines");
  EXPECT_EQ(read.known().study_yaml, yaml);
  ASSERT_EQ(read.known().published.size(), 1u);
  const PublishedResult& paper = read.known().published[0];
  EXPECT_EQ(paper.source, "a paper");
  EXPECT_EQ(paper.dataset, "adding");
  EXPECT_EQ(paper.cell, "lstm");
  EXPECT_EQ(figure_of(paper.figures, "error", Split::test), 0.25);
  EXPECT_EQ(to_yaml(read.options()), to_yaml(parse_study(yaml, "here", {})));
  EXPECT_EQ(read.options({"train.epochs=77"}).train.epochs, 77);
  EXPECT_EQ(read.options().cells.at(0).name, "lstm");
}

TEST_F(RunFolderTest, ThePlanReadsBack) {
  const std::vector<PlannedTrial> read = RunFolder(path()).planned();
  ASSERT_EQ(read.size(), 2u);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(read[k].id, planned_[k].id);
    EXPECT_EQ(read[k].problem, planned_[k].problem);
    EXPECT_EQ(read[k].cell, 3u);
    EXPECT_EQ(read[k].record.seed, planned_[k].record.seed);
    EXPECT_NO_THROW(expect_same_trial(planned_[k].record, read[k].record));
  }
}

TEST_F(RunFolderTest, ATrialIsOfThisRun) {
  EXPECT_FALSE(folder_->saved(planned_[0]).has_value());
  Archive archive;
  TrialRecord record = planned_[0].record;
  record.status = "running";
  record.seconds = 2.5;
  save_record(record, archive);
  archive.texts["run"] = "run 1";
  folder_->write_trial("a", archive);
  EXPECT_EQ(folder_->saved(planned_[0])->record.seconds, 2.5);
  EXPECT_FALSE(folder_->saved(planned_[1]).has_value());
  EXPECT_EQ(folder_->plan().trials()[0].seconds, 2.5);
  EXPECT_EQ(folder_->plan_without_records().trials()[0].seconds, 0.0);
  archive.texts["run"] = "run 2";
  folder_->write_trial("a", archive);
  EXPECT_THAT(error_of<InputError>([&] { folder_->saved(planned_[0]); }),
              AllOf(HasSubstr("it is of the run run 2, this one is run 1"),
                    HasSubstr("What this trial had reached is lost"),
                    HasSubstr("'carousel resume " + path().string() + "'")));
}

// One that is done, and has fewer epochs than the study wants, goes on.
TEST_F(RunFolderTest, ATrialWithFewerEpochsThanTheStudyIsNotDone) {
  Archive archive;
  TrialRecord record = planned_[0].record;
  record.status = "done";
  record.epochs = record.best_epoch = 1;
  record.curve = {{1, 10, 1.0, 0.5, {0.25, 0.5}}};
  record.figures["error"] = {{0.5, 0.25, 0.125}};
  record.figures["success"] = {{0.5, 0.25, 0.125}};
  save_record(record, archive);
  archive.texts["run"] = "run 1";
  folder_->write_trial("a", archive);
  const TrialRecord read = folder_->saved(planned_[0])->record;
  EXPECT_EQ(read.status, "running");
  EXPECT_TRUE(std::isnan(read.figure("error", Split::test)));
  EXPECT_EQ(read.figure("error", Split::valid), 0.25);
  StudyResults known = known_;
  known.study_yaml += "train: {epochs: 1}\n";
  folder_->set_known(known);
  EXPECT_EQ(folder_->saved(planned_[0])->record.status, "done");
}

TEST_F(RunFolderTest, WhatIsAtOddsIsRefused) {
  const auto whole = read_archives(path() / "study.h5");
  const auto error = [&](const std::function<void(std::map<std::string, Archive>&)>& change) {
    const std::string message = error_after(change);
    write_archives(path() / "study.h5", whole);
    return message;
  };
  EXPECT_EQ(error([](auto&) {}), "nothing was thrown");
  EXPECT_THAT(error([](auto& all) { all.at("trial 1").counters["problem"] = 2; }),
              AllOf(HasSubstr("study.h5: trial 1 is of problem 2, of 2"),
                    HasSubstr("Without it the run can't be gone on with")));
  EXPECT_THAT(error([](auto& all) { all.at("trial 0").counters["problem"] = -1; }),
              HasSubstr("trial 0 is of problem -1, of 2"));
  EXPECT_THAT(error([](auto& all) { all.erase("trial 1"); }),
              HasSubstr("it has no group 'trial 1'"));
  EXPECT_THAT(error([](auto& all) { all.erase("problem 0"); }),
              HasSubstr("it has no group 'problem 0'"));
  EXPECT_THAT(error([](auto& all) { all.erase("session 1"); }),
              HasSubstr("it has no group 'session 1'"));
  EXPECT_THAT(error([](auto& all) { all.at("study").counters["trials"] = -1; }),
              HasSubstr("trials is -1, expected 0 to 16777216"));
  EXPECT_THAT(error([](auto& all) { all.at("study").counters["accepted"] = 1 << 25; }),
              HasSubstr("accepted is 33554432, expected 0 to 16777216"));
  EXPECT_THAT(error([](auto& all) { all.at("problem 1").counters["metrics"] = 0; }),
              HasSubstr("the problem 'copying' has no metrics"));
}

TEST_F(RunFolderTest, WithoutItsFilesItIsNoRun) {
  std::filesystem::remove(path() / "study.h5");
  EXPECT_THAT(error_of<InputError>([&] { RunFolder{path()}; }),
              HasSubstr("there is no study.h5: it was lost, or this run was made by"));
  std::filesystem::remove(path() / "study.yaml");
  EXPECT_THAT(error_of<InputError>([&] { RunFolder{path()}; }),
              HasSubstr("this is no run folder, it has no study.yaml"));
}

}  // namespace
}  // namespace carousel
