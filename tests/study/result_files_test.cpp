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
  r.dataset = "tunes";
  r.hidden = 36;
  r.parameters = 9000;
  r.cell_parameters = 8000;
  r.seed = 7;
  r.draw = 3;
  r.learning_rate = 0.1;
  r.selected = true;
  r.epochs = 20;
  r.best_epoch = 10;
  r.train_nll = 1.5;
  r.valid_nll = 2.5;
  r.train_nll_by_sequence = 4.5;
  r.valid_nll_by_sequence = 5.5;
  r.test_nll_by_sequence = 6.5;
  r.overflows = 11;
  r.seconds = 12.3456;
  r.status = "done";
  r.curve = {{4, 40, 1.25, 3.25, 3.75}};
  return r;
}

TEST(ResultFiles, ATrialIsARow) {
  StudyResults results;
  results.study = "mine";
  results.trials = {trial()};
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
                        {"overflows", "11"}};
  EXPECT_EQ(row_of(results_csv(results)), expected);
}

TEST(ResultFiles, AnEpochIsARow) {
  StudyResults results;
  results.study = "mine";
  results.trials = {trial()};
  const Row expected = {{"study", "mine"},     {"cell", "lstm"},     {"variant", "NIG"},
                        {"dataset", "tunes"},  {"seed", "7"},        {"epoch", "4"},
                        {"updates", "40"},     {"seconds", "1.250"}, {"train_nll", "3.25"},
                        {"valid_nll", "3.75"}, {"draw", "3"}};
  EXPECT_EQ(row_of(curves_csv(results)), expected);
}

TEST(ResultFiles, AModelThatCountsIsARow) {
  StudyResults results;
  results.study = "mine";
  results.baselines = {{"keys", "tunes", 1.5, 2.5, 3.5, 4.5, 5.5, 6.5}};
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

}  // namespace
}  // namespace carousel
