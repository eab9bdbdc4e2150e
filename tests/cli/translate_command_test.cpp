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

TEST_F(Translate, ComparesWithAReference) {
  const CommandResult own = with("a b\nd\n", "translate run " + cho);
  std::ofstream(folder_ / "own") << own.text;
  const CommandResult same = with("a b\nd\n", "translate run --reference own " + cho);
  EXPECT_EQ(same.code, 0);
  EXPECT_THAT(same.text, HasSubstr("exact 100.00 %  of 2 sentences"));
  std::ofstream(folder_ / "other") << "x\ny\n";
  EXPECT_THAT(with("a b\nd\n", "translate run --reference other " + cho).text,
              HasSubstr("BLEU 0.00  chrF2 0.00  exact 0.00 %"));
  for (const char* input : {"a b\n", "a b\nd\nd\n"}) {
    const CommandResult result = with(input, "translate run --reference own " + cho);
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.text, HasSubstr("own has 2 lines"));
  }
}

// A link for each word and a number for each source word; before training all words matter.
TEST_F(Translate, ShowsLinksAndGradients) {
  const std::string files = test_file("en") + " " + test_file("fr") + " ";
  const auto sources = lines(file_text(folder_ / test_file("en")));
  const auto targets = lines(file_text(folder_ / test_file("fr")));
  const auto words = [](const std::string& line) { return std::ranges::count(line, ' ') + 1; };
  const auto links = lines(with("", "score run --show links " + files + bahdanau).text);
  const auto gradients = lines(with("", "score run --show gradients " + files + cho).text);
  const auto at_start =
      lines(with("", "score run --show gradients --at-start " + files + cho).text);
  ASSERT_EQ(links.size(), targets.size());
  ASSERT_EQ(gradients.size(), targets.size());
  for (std::size_t k = 0; k < targets.size(); ++k) {
    EXPECT_EQ(words(links[k]), words(targets[k])) << links[k];
    EXPECT_THAT(links[k], MatchesRegex("[0-9]+-0.*"));
    EXPECT_EQ(words(gradients[k]), words(sources[k])) << gradients[k];
    EXPECT_NE(gradients[k], at_start.at(k));
  }
  EXPECT_NE(with("", "score run --at-start " + files + cho).text,
            with("", "score run " + files + cho).text);
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
  fails("", "score run --show links " + test_file("en") + " " + test_file("fr") + " " + cho,
        "the model has no attention");
  std::ofstream(folder_ / "study.yaml") << "name: music\ndataset: chords\nseeds: [1]\n"
                                           "cells: [{name: rnn_tanh, hidden: 3}]\n"
                                           "train: {epochs: 1}\n";
  ASSERT_EQ(compare("music", {"--quiet"}).code, 0);
  fails("a\n", "translate music --cell rnn_tanh", "writes no sentence for another one");
}

// Each fault of the data is one message with its place, and no run is begun.
TEST_F(Translate, SaysWhatIsWrongWithTheData) {
  const std::string train = "pairs/train.lc.norm.tok.en";
  const std::string good = file_text(folder_ / train);
  const auto fails = [&](const std::string& text, const std::string& why) {
    std::ofstream(folder_ / train, std::ios::binary) << text;
    const Finished result = compare("other", {"--quiet"});
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "other"));
  };
  fails(good + "a\n", "train.lc.norm.tok.en:25: got a line without its translation");
  fails("a\n\n" + good, "train.lc.norm.tok.en:2: got an empty line");
  fails("a\rb\n" + good, "train.lc.norm.tok.en:1: got a carriage return inside the line");
  fails("a\xff\n" + good, "train.lc.norm.tok.en:1");
  std::string other;
  for (int k = 0; k < 24; ++k) other += "w" + std::to_string(k) + "\n";
  fails(other, "no source word that stands there 2 times");
}

}  // namespace
}  // namespace carousel
