// What is known of a study before any trial runs.

#include "study/set_up.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class SetUp : public testing::Test {
 protected:
  StudySetUp set_up() {
    return {options_, registry_, "", [](const std::string&) {}};
  }

  CellRegistry registry_ = catalogue();
  StudyOptions options_ = parse_study(R"(name: mine
description: two tasks
task: [{name: adding, lag: 30}, {name: copy_memory, lag: 20}]
cells: [{name: lstm, hidden: 4}, {name: mgu, hidden: 5}]
seeds: [7, 8]
published: [{source: a paper, dataset: adding, cell: lstm, test_error: 0.25}]
)",
                                      "here", {});
};

TEST_F(SetUp, KnowsStudyAndProblems) {
  const StudyResults known = set_up().known();
  EXPECT_EQ(known.study, "mine");
  EXPECT_EQ(known.description, "two tasks");
  EXPECT_EQ(known.study_yaml, to_yaml(options_));
  ASSERT_EQ(known.published.size(), 1u);
  EXPECT_EQ(known.published[0].source, "a paper");
  EXPECT_TRUE(known.trials.empty());
  ASSERT_EQ(known.problems.size(), 2u);
  const char* const tasks[] = {"adding", "copy_memory"};
  for (std::size_t p = 0; p < 2; ++p) {
    const auto problem = find_task(tasks[p]).set_up(options_.tasks[p].options, {});
    EXPECT_EQ(known.problems[p].task, tasks[p]);
    EXPECT_EQ(known.problems[p].name, problem->name());
    EXPECT_EQ(known.problems[p].description, problem->description());
    ASSERT_EQ(known.problems[p].metrics.size(), problem->metrics().size());
    EXPECT_EQ(known.problems[p].metrics[0].name, problem->metrics()[0].name);
    EXPECT_EQ(known.problems[p].loss, problem->metrics()[problem->loss_metric()].name);
    EXPECT_EQ(known.problems[p].baselines.size(), problem->baselines().size());
  }
  EXPECT_NE(known.problems[0].name, known.problems[1].name);
}

// Behind the figures of each problem stand the losses of the cells, each once, in its loss's unit.
TEST_F(SetUp, KnowsTheLossesOfTheCells) {
  for (const char* name : {"tanh", "relu"}) {
    registry_.add_text(fmt::format("cell {0}\nparam W : [hidden, input]\nh = {0}(W @ x)\n"
                                   "loss kl weight 0.1 = sum(h ^ 2)\noutput h\n",
                                   name),
                       "t.cell");
    options_.cells.push_back({name, 4});
  }
  const StudyResults known = set_up().known();
  for (const StudyProblem& problem : known.problems) {
    EXPECT_EQ(std::ranges::count(problem.metrics, "loss_kl", &MetricInfo::name), 1);
    EXPECT_EQ(problem.metrics.back().name, "loss_kl");
    EXPECT_EQ(problem.metrics.back().title, "loss kl");
    const auto loss = std::ranges::find(problem.metrics, problem.loss, &MetricInfo::name);
    EXPECT_EQ(problem.metrics.back().unit, loss->unit);
  }
}

// A grid over an option that is in no name was refused as the same task twice.
TEST_F(SetUp, ProblemsOfOneNameAreToldApartByTheirOptions) {
  options_ = parse_study(R"(task: [{name: adding, lag: 30}, {name: adding, lag: 20, valid: 50}]
cells: [{name: lstm, hidden: 4}]
grid: {task.test: [100, 200]}
)",
                         "here", {});
  const StudySetUp study = set_up();
  std::vector<std::string> names;
  for (const StudyProblem& problem : study.known().problems) names.push_back(problem.name);
  EXPECT_THAT(names, ElementsAre("adding_30_test=100", "adding_30_test=200", "adding_20_test=100",
                                 "adding_20_test=200"));
  ASSERT_EQ(study.planned().size(), 4u);
  EXPECT_EQ(study.planned()[1].record.dataset, "adding_30_test=200");
  EXPECT_THAT(study.planned()[1].id, testing::StartsWith("adding_30_test=200-lstm"));
}

TEST_F(SetUp, TheSameTaskTwiceIsRefused) {
  options_.tasks.push_back(options_.tasks[0]);
  EXPECT_EQ(error_of<InputError>([&] { set_up(); }),
            "task: 'adding_30' stands there twice; leave one out");
}

// Those of the first problem: at others they have other sizes alone.
TEST_F(SetUp, EachCellsEquationsStandThereOnce) {
  const Facts texts = set_up().known().cell_texts;
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0].first, "lstm");
  EXPECT_EQ(texts[1].first, "mgu");
  for (const auto& [name, text] : texts) {
    const Cell& cell = catalogue().find(name);
    EXPECT_THAT(text, testing::StartsWith(fmt::format("# {}\n# {}\n# {}\n", cell.title,
                                                      cell.reference, cell.conventions)));
  }
  EXPECT_THAT(texts[0].second, HasSubstr("h = o * tanh(c)"));
}

// The tasks make their data: there is no file that they depend on.
TEST_F(SetUp, ResultsDependOnEveryKey) {
  const Facts inputs = set_up().inputs();
  EXPECT_EQ(inputs, facts_of_yaml(to_yaml(options_)));
  EXPECT_THAT(inputs, Contains(std::pair(std::string("study name"), std::string("mine"))));
  EXPECT_THAT(inputs, Contains(std::pair(std::string("study seeds[1]"), std::string("8"))));
}

TEST_F(SetUp, PlansEveryTrial) {
  std::vector<std::string> ids;
  const StudySetUp made = set_up();
  for (const PlannedTrial& trial : made.planned()) {
    ids.push_back(fmt::format("{} {} {} {}", trial.problem, trial.cell, trial.record.hidden,
                              trial.record.seed));
    EXPECT_EQ(trial.record.dataset, made.problem(trial.problem).name());
  }
  EXPECT_THAT(ids, ElementsAre("0 0 4 7", "0 0 4 8", "0 1 5 7", "0 1 5 8", "1 0 4 7", "1 0 4 8",
                               "1 1 5 7", "1 1 5 8"));
}

TEST_F(SetUp, OfOneProblemTheOthersAreNotThere) {
  const StudySetUp second(
      options_, registry_, "", [](const std::string&) {}, 1);
  EXPECT_THAT(second.problem(1).name(), HasSubstr("copy_memory"));
  EXPECT_THROW(second.problem(0), BugError);
  EXPECT_THROW(second.problem(2), BugError);
  EXPECT_EQ(second.cell(1, options_).name, "mgu");
}

TEST_F(SetUp, WhatATaskRefusesNamesIt) {
  options_.tasks[0].options = TaskOptions(find_task("next_frame").options);
  options_.tasks[0].name = "next_frame";
  EXPECT_THAT(error_of<InputError>([&] { set_up(); }), testing::StartsWith("task next_frame: "));
}

}  // namespace
}  // namespace carousel
