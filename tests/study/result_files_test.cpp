// The CSV files of a run folder: each value stands under the name of its column.

#include "study/result_files.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "csv.hpp"

namespace carousel {
namespace {

// The only row of a file.
Row row_of(const std::string& csv) {
  const std::vector<Row> rows = read_csv(csv);
  EXPECT_EQ(rows.size(), 1u);
  return rows.at(0);
}

TrialRecord trial() {
  TrialRecord r;
  r.cell = "lstm";
  r.variant = "NIG";
  r.task = "next";
  r.dataset = "tunes";
  r.hidden = 36;
  r.parameters = 9000;
  r.cell_parameters = 8000;
  r.seed = 7;
  r.setting = "model.depth=2";
  r.draw = 3;
  r.drawn = "train.learning_rate=0.1 train.batch=8";
  r.learning_rate = 0.1;
  r.selected = true;
  r.epochs = 20;
  r.best_epoch = 10;
  r.figures["nll"][Split::train] = 1.5;
  r.figures["nll"][Split::valid] = 2.5;
  r.figures["nll_by_sequence"][Split::train] = 4.5;
  r.figures["nll_by_sequence"][Split::valid] = 5.5;
  r.figures["nll_by_sequence"][Split::test] = 6.5;
  r.overflows = 11;
  r.idle = "layers/0/forward/U output/b";
  r.seconds = 12.3456;
  r.status = "done";
  r.updates_to_goal = 30;
  r.memory = 640;
  r.metrics = {"nll", "nll_by_sequence"};
  r.loss = "nll";
  r.curve = {{4, 40, 1.25, 3.25, {3.75, 3.5}}};
  return r;
}

// A study of one problem with two metrics.
StudyResults study() {
  StudyResults results;
  results.study = "mine";
  results.problems = {{"tunes",
                       "next",
                       "",
                       {{"nll", "NLL", "nats"}, {"nll_by_sequence", "NLL by sequence", "nats"}},
                       "nll",
                       {}}};
  results.trials = {trial()};
  return results;
}

TEST(ResultFiles, ATrialIsARow) {
  const StudyResults results = study();
  const Row expected = {{"study", "mine"},
                        {"cell", "lstm"},
                        {"variant", "NIG"},
                        {"dataset", "tunes"},
                        {"hidden", "36"},
                        {"parameters", "9000"},
                        {"seed", "7"},
                        {"learning_rate", "0.1"},
                        {"epochs", "20"},
                        {"best_epoch", "10"},
                        {"train_nll", "1.5"},
                        {"valid_nll", "2.5"},
                        {"test_nll", ""},
                        {"seconds", "12.346"},
                        {"status", "done"},
                        {"draw", "3"},
                        {"selected", "1"},
                        {"cell_parameters", "8000"},
                        {"train_nll_by_sequence", "4.5"},
                        {"valid_nll_by_sequence", "5.5"},
                        {"test_nll_by_sequence", "6.5"},
                        {"overflows", "11"},
                        {"idle", "layers/0/forward/U output/b"},
                        {"task", "next"},
                        {"updates_to_goal", "30"},
                        {"setting", "model.depth=2"},
                        {"drawn", "train.learning_rate=0.1 train.batch=8"},
                        {"model.depth", "2"},
                        {"train.batch", "8"},
                        {"memory", "640"}};
  EXPECT_EQ(row_of(results_csv(results)), expected);
}

// A grid over the wanted number of parameters had a second column of that name.
TEST(ResultFiles, AGridOverParametersLeavesTheirColumnToTheRealNumber) {
  StudyResults results = study();
  results.trials[0].setting = "parameters=9100 model.depth=2";
  EXPECT_EQ(row_of(results_csv(results)).at("parameters"), "9000");
}

TEST(ResultFiles, AnEpochIsARow) {
  const StudyResults results = study();
  const Row expected = {{"study", "mine"},
                        {"cell", "lstm"},
                        {"variant", "NIG"},
                        {"dataset", "tunes"},
                        {"seed", "7"},
                        {"epoch", "4"},
                        {"updates", "40"},
                        {"seconds", "1.250"},
                        {"train_nll", "3.25"},
                        {"valid_nll", "3.75"},
                        {"draw", "3"},
                        {"hidden", "36"},
                        {"setting", "model.depth=2"},
                        {"valid_nll_by_sequence", "3.5"}};
  EXPECT_EQ(row_of(curves_csv(results)), expected);
}

TEST(ResultFiles, AModelThatCountsIsARow) {
  StudyResults results = study();
  results.problems[0].baselines = {
      {"keys", {{"nll", {{1.5, 2.5, 3.5}}}, {"nll_by_sequence", {{4.5, 5.5, 6.5}}}}}};
  const Row expected = {{"study", "mine"},
                        {"dataset", "tunes"},
                        {"baseline", "keys"},
                        {"train_nll", "1.5"},
                        {"valid_nll", "2.5"},
                        {"test_nll", "3.5"},
                        {"train_nll_by_sequence", "4.5"},
                        {"valid_nll_by_sequence", "5.5"},
                        {"test_nll_by_sequence", "6.5"}};
  EXPECT_EQ(row_of(baselines_csv(results)), expected);
}

// Columns of metrics that a trial's problem has not, and of losses, stay empty.
TEST(ResultFiles, TwoProblemsShareTheColumns) {
  StudyResults results = study();
  results.problems.push_back(
      {"sums", "add", "", {{"error", "error", ""}, {"success", "success", ""}}, "error", {}});
  TrialRecord other = trial();
  other.dataset = "sums";
  other.metrics = {"error", "success"};
  other.loss = "error";
  other.figures = {{"error", {{0.5, 0.25, 0.125}}}};
  other.curve = {{1, 10, 1.0, 0.75, {0.5, 0.0}}};
  results.trials.push_back(other);
  const std::vector<Row> rows = read_csv(results_csv(results));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("train_nll"), "1.5");
  EXPECT_EQ(rows[0].at("test_error"), "");
  EXPECT_EQ(rows[1].at("train_nll"), "");
  EXPECT_EQ(rows[1].at("test_error"), "0.125");
  EXPECT_EQ(rows[1].at("test_success"), "");
  const std::vector<Row> curves = read_csv(curves_csv(results));
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[1].at("train_error"), "0.75");
  EXPECT_EQ(curves[1].at("train_nll"), "");
  EXPECT_EQ(curves[1].at("valid_success"), "0");
}

}  // namespace
}  // namespace carousel
