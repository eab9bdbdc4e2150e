// Studies that search for a learning rate, on two sets.

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>

#include "command_fixture.hpp"
#include "csv.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Search : public Command {
 protected:
  void SetUp() override {
    Command::SetUp();
    std::ofstream(folder_ / "study.yaml") << R"(name: small
dataset: [jsb_chorales, nottingham]
cells:
  - {name: rnn_tanh, hidden: 6}
  - gru_reset_after
parameters: 1120
seeds: [3, 4, 5]
search: {draws: 4, exponent_min: -8, exponent_max: -2}
train: {epochs: 4, patience: 0, batch: 5, shard: 2, weight_noise: 0.05}
)";
    MusicFile other = wandering_notes();
    std::rotate(other.notes.begin(), other.notes.begin() + 5 * MusicFile::keys, other.notes.end());
    other.write(folder_ / "sets/music/nottingham.h5");
  }

  std::vector<Row> results(const std::string& run_folder) {
    return read_csv(file_text(folder_ / run_folder / "results.csv"));
  }
};

// Two sets x two cells x (four draws and two further seeds).
TEST_F(Search, ChoosesByValidationAndTestsTheChosenAlone) {
  const Finished done = compare("run");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("[24/24]"));
  const auto rows = results("run");
  ASSERT_EQ(rows.size(), 24u);
  std::map<std::string, std::vector<std::string>> rates;
  for (std::size_t first = 0; first < rows.size(); first += 6) {
    const std::string name = rows[first].at("dataset") + " " + rows[first].at("cell");
    std::size_t best = first;
    for (std::size_t k = first; k < first + 6; ++k) {
      const Row& row = rows[k];
      EXPECT_EQ(row.at("dataset") + " " + row.at("cell"), name);
      EXPECT_EQ(row.at("status"), "done");
      EXPECT_EQ(row.at("selected") == "1", !row.at("test_nll").empty()) << name << k;
      EXPECT_EQ(row.at("selected") == "1", !row.at("test_nll_by_sequence").empty()) << name << k;
      if (k >= first + 4) continue;
      EXPECT_EQ(row.at("seed"), "3");
      EXPECT_EQ(row.at("draw"), std::to_string(k - first + 1));
      rates[name].push_back(row.at("learning_rate"));
      if (std::stod(row.at("valid_nll")) < std::stod(rows[best].at("valid_nll"))) best = k;
    }
    for (std::size_t k = first; k < first + 6; ++k) {
      EXPECT_EQ(rows[k].at("selected"), k == best || k >= first + 4 ? "1" : "0") << name << k;
    }
    for (const std::size_t k : {first + 4, first + 5}) {
      EXPECT_EQ(rows[k].at("learning_rate"), rows[best].at("learning_rate"));
      EXPECT_EQ(rows[k].at("draw"), rows[best].at("draw"));
    }
    EXPECT_EQ(rows[first + 4].at("seed"), "4");
    EXPECT_EQ(rows[first + 5].at("seed"), "5");
    if (rows[first].at("cell") == "gru_reset_after") {
      EXPECT_EQ(rows[first].at("hidden"), "4");  // the only size with 1120 parameters
      EXPECT_EQ(rows[first].at("cell_parameters"), "1120");
    }
  }
  ASSERT_EQ(rates.size(), 4u);
  for (const auto& [name, of_case] : rates) EXPECT_EQ(of_case, rates.begin()->second) << name;
}

// A run on sets that differ in their test splits alone differs in test figures alone.
TEST_F(Search, NothingIsChosenOnTestData) {
  ASSERT_EQ(compare("one").code, 0);
  for (const char* set : {"jsb_chorales", "nottingham"}) {
    const std::string path = folder_ / "sets/music" / (std::string(set) + ".h5");
    H5::H5File file(path, H5F_ACC_RDWR);
    H5::DataSet notes = file.openDataSet("test/notes");
    hsize_t dims[2];
    notes.getSpace().getSimpleExtentDims(dims);
    std::vector<std::uint8_t> other(dims[0] * dims[1]);
    for (std::size_t k = 0; k < other.size(); ++k) other[k] = k % 3 == 0;
    notes.write(other.data(), H5::PredType::NATIVE_UINT8);
  }
  ASSERT_EQ(compare("two").code, 0);
  const auto one = results("one"), two = results("two");
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t k = 0; k < one.size(); ++k) {
    for (const auto& [name, value] : one[k]) {
      if (name == "seconds") continue;
      const bool differs = name.starts_with("test_nll") && one[k].at("selected") == "1";
      EXPECT_EQ(two[k].at(name) != value, differs) << k << " " << name;
    }
  }
}

TEST_F(Search, OnAnyNumberOfThreadsTheSameBits) {
  ASSERT_EQ(compare("one", {"--threads", "1"}).code, 0);
  ASSERT_EQ(compare("four", {"--threads", "4"}).code, 0);
  EXPECT_EQ(difference("one", "four"), "");
}

// When some draws have ended, and when the rates are chosen and the other seeds run.
TEST_F(Search, KilledOrInterruptedAndResumedEndsInTheSameBits) {
  std::vector<std::string> study = {"dataset=jsb_chorales", "search.draws=3", "seeds=3,4"};
  ASSERT_EQ(compare("whole", study).code, 0);
  study.push_back("train.checkpoint_seconds=0");
  EXPECT_EQ(stop("draws", study, SIGINT, "done", 2).code, 130);
  EXPECT_EQ(stop("seeds", study, SIGKILL, "done", 6).code, -SIGKILL);
  for (const std::string name : {"draws", "seeds"}) {
    const Finished resumed = resume(name);
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(difference(name, "whole"), "");
  }
}

// The other seeds of a cell without a rate are skipped, and the study says so.
TEST_F(Search, DivergedDrawsAreCounted) {
  const Finished done = compare("run", {"search.exponent_min=87", "search.exponent_max=88",
                                        "train.optimiser=sgd", "train.clip_norm=0"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, AllOf(HasSubstr("diverged"), HasSubstr("Parameter ")));
  int diverged = 0, skipped = 0;
  for (const Row& row : results("run")) {
    diverged += row.at("status") == "diverged";
    skipped += row.at("status") == "skipped";
    EXPECT_EQ(row.at("test_nll"), "");
  }
  EXPECT_EQ(diverged, 16);
  EXPECT_EQ(skipped, 8);
}

// Over three keys: of the tape's depth, of training, and of the cell.
TEST_F(Command, AGridThatIsKilledThreeTimesEndsInTheSameBits) {
  const std::vector<std::string> grid = {
      "-m", "model.depth=1,2", "-m",      "train.batch=4,5,6",
      "-m", "hidden=4",        "seeds=5", "train.checkpoint_seconds=0"};
  ASSERT_EQ(compare("whole", grid).code, 0);
  EXPECT_EQ(read_csv(file_text(folder_ / "whole/results.csv")).size(), 2u * 2 * 3 * 5);
  EXPECT_EQ(stop("killed", grid, SIGKILL, "done", 7).code, -SIGKILL);
  for (const std::ptrdiff_t ended : {20, 40}) {
    EXPECT_EQ(stop_command("killed", {"resume", "killed"}, SIGKILL, "done", ended).code, -SIGKILL);
  }
  const Finished resumed = resume("killed");
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(difference("killed", "whole"), "");
}

TEST_F(Command, ADryRunListsTheTrialsAndWritesNothing) {
  const Finished listed = run({"compare", "study.yaml", "--dry-run", "-m", "train.batch=4,5"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  EXPECT_THAT(listed.out,
              AllOf(HasSubstr("rnn_tanh-h6-g2-s4\t6 units, "), HasSubstr("\ttrain.batch=5\n"),
                    HasSubstr("\n8 trials: about 0:0")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
  const Finished wrong = run({"compare", "study.yaml", "--dry-run", "-m", "train.bach=4,5"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'train.batch'?"));
  EXPECT_EQ(run({"compare", "study.yaml", "-m", "train.batch"}).code, 2);
}

// A typed cell, on a task that is not music: each change is trained and compared with the cell.
TEST_F(Command, AnAblationTrainsEachChange) {
  std::ofstream(folder_ / "mine.cell") << "cell mine\n"
                                          "param W_z, W : [hidden, input]\n"
                                          "param U_z, U : [hidden, hidden]\n"
                                          "z = sigmoid(W_z @ x + U_z @ h[t-1])\n"
                                          "h = z * h[t-1] + (1 - z) * tanh(W @ x + U @ h[t-1])\n"
                                          "output h\n";
  std::ofstream(folder_ / "adding.yaml") << "task: {name: adding, lag: 12, examples: 20, valid: 9, "
                                            "test: 9}\n"
                                            "cells: [{name: lstm, hidden: 4}]\nseeds: 2\n"
                                            "train: {epochs: 2}\n";
  const Finished done = run({"ablate", "mine.cell", "--study", "adding.yaml", "--out", "run"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("Changes of mine on adding_12, the worst first"));
  const auto rows = read_csv(file_text(folder_ / "run/results.csv"));
  std::set<std::string> variants;
  for (const Row& row : rows) {
    EXPECT_EQ(row.at("cell"), "mine");
    EXPECT_EQ(row.at("hidden"), "4");
    variants.insert(row.at("variant"));
  }
  EXPECT_GT(variants.size(), 8u);
  EXPECT_EQ(rows.size(), 2 * variants.size());
  EXPECT_TRUE(variants.contains("") && variants.contains("diagonal_U"));
  const Finished two = run({"ablate", "lstm", "--study", "adding.yaml", "--changes", "NIG, NFG",
                            "seeds=1", "--out", "two"});
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(read_csv(file_text(folder_ / "two/results.csv")).size(), 3u);
  const Finished wrong = run({"ablate", "lstm", "--study", "adding.yaml", "--changes", "NIX"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("there is no change 'NIX'"));
  const Finished listed = run({"ablate", "lstm", "--study", "adding.yaml", "--list"});
  EXPECT_THAT(listed.out, HasSubstr("alias"));
}

}  // namespace
}  // namespace carousel
