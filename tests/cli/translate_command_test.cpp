// Translating and scoring with a trained model, as a user does.

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "command_fixture.hpp"
#include "command_line.hpp"
#include "pair_files.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Translate : public Command {
 protected:
  void SetUp() override {
    study_ = R"(name: pairs
task:
  - {name: translation, data: ./pairs, form: cho, embedding: 4, readout: 3, beam: 2}
  - {name: translation, data: ./pairs, form: bahdanau, embedding: 4, readout: 3, beam: 2}
cells: [{name: lstm, hidden: 5}]
seeds: [1]
train: {epochs: 2, patience: 0, batch: 4}
)";
    Command::SetUp();
    write_pairs(folder_ / "pairs");
    ASSERT_EQ(compare("run", {"--quiet"}).code, 0);
  }
  // With a text for the standard input.
  CommandResult with(const std::string& input, const std::string& arguments) {
    std::ofstream(folder_ / "input", std::ios::binary) << input;
    return run_shell("cd " + folder_.path().string() + " && " + CAROUSEL_BINARY + " " + arguments +
                     " <input");
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  std::string test_file(const char* language) const {
    return "pairs/test_2016_flickr.lc.norm.tok." + std::string(language);
  }
};

const std::string cho = "--dataset pairs_en_fr_cho", bahdanau = "--dataset pairs_en_fr_bahdanau";

TEST_F(Translate, ALineForALine) {
  const CommandResult all = with("a b\n\nc zzz\r\nd", "translate run " + bahdanau);
  EXPECT_EQ(all.code, 0) << all.text;
  const auto written = lines(all.text);
  ASSERT_EQ(written.size(), 4U) << all.text;
  EXPECT_EQ(written[1], "");
  EXPECT_EQ(lines(with("d\n", "translate run " + bahdanau).text).at(0), written[3]);
  const CommandResult best = with("a b\nd\n", "translate run --beam 4 --n-best 2 " + bahdanau);
  const auto ranked = lines(best.text);
  ASSERT_EQ(ranked.size(), 4U) << best.text;
  EXPECT_THAT(ranked[0], MatchesRegex("0 \\|\\|\\| .* \\|\\|\\| -[0-9.]+ \\|\\|\\| -[0-9.]+"));
  EXPECT_THAT(ranked[2], HasSubstr("1 ||| "));
  const std::string draw = "translate run --draw --seed 5 " + cho;
  EXPECT_EQ(with("a b\nd\n", draw).text, with("a b\nd\n", draw).text);
}

// The scores of the test pairs are the loss that the results hold.
TEST_F(Translate, ScoresAreTheLoss) {
  std::map<std::string, double> nll;
  for (const auto& row : read_csv(file_text(folder_ / "run/results.csv"))) {
    nll[row.at("dataset")] = std::stod(row.at("test_nll"));
  }
  const auto targets = lines(file_text(folder_ / test_file("fr")));
  double words = 0.0;
  for (const std::string& line : targets) words += double(std::ranges::count(line, ' ')) + 2.0;
  for (const char* form : {"cho", "bahdanau"}) {
    const std::string name = std::string("pairs_en_fr_") + form;
    const CommandResult scored =
        with("", "score run " + test_file("en") + " " + test_file("fr") + " --dataset " + name);
    EXPECT_EQ(scored.code, 0) << scored.text;
    const auto scores = lines(scored.text);
    ASSERT_EQ(scores.size(), targets.size());
    double sum = 0.0;
    for (const std::string& score : scores) sum -= std::stod(score);
    EXPECT_NEAR(sum / words, nll.at(name), 1e-5) << form;
  }
}

TEST_F(Translate, SaysWhatIsWrong) {
  const auto fails = [&](const std::string& input, const std::string& arguments,
                         const std::string& why) {
    const CommandResult result = with(input, arguments);
    EXPECT_EQ(result.code, 2) << arguments << "\n" << result.text;
    EXPECT_THAT(result.text, HasSubstr(why));
  };
  fails("a\n", "translate run --n-best 3 --beam 2 " + cho, "--n-best is 3, expected at most");
  fails("a\nb\xff\n", "translate run " + cho, "standard input, line 2");
  std::ofstream(folder_ / "short") << "A\n";
  fails("", "score run " + test_file("en") + " short " + cho, "has 7 lines and short has 1");
  std::ofstream(folder_ / "empty") << "a\n\n";
  std::ofstream(folder_ / "two") << "A\nB\n";
  fails("", "score run empty two " + cho, "empty:2: got an empty line");
  std::ofstream(folder_ / "study.yaml") << "name: music\ndataset: chords\nseeds: [1]\n"
                                           "cells: [{name: rnn_tanh, hidden: 3}]\n"
                                           "train: {epochs: 1}\n";
  ASSERT_EQ(compare("music", {"--quiet"}).code, 0);
  fails("a\n", "translate music --cell rnn_tanh", "writes no sentence for another one");
}

}  // namespace
}  // namespace carousel
