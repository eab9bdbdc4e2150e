// The scripts of experiments/cho2014 on small folders.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command_line.hpp"
#include "csv.hpp"
#include "io/files.hpp"
#include "pair_files.hpp"
#include "temporary_folder.hpp"

namespace carousel::phrases {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Scripts : public ::testing::Test {
 protected:
  CommandResult run(const std::string& command,
                    const std::string& build = fs::path(CAROUSEL_BINARY).parent_path().string()) {
    return run_shell("cd " + folder_.path().string() + " && BUILD=" + build +
                     " HELD_OUT=20 " CAROUSEL_SOURCE_DIR "/experiments/cho2014/" + command);
  }

  // A build folder with a script in the place of `carousel`.
  std::string build_with(const std::string& carousel) {
    const fs::path build = folder_ / "build";
    fs::create_directories(build / "experiments/cho2014");
    fs::create_directory_symlink(PHRASES_FOLDER, build / "experiments/cho2014/phrases");
    write("build/carousel", "#!/bin/sh\n" + carousel);
    fs::permissions(build / "carousel", fs::perms::owner_all);
    return build.string();
  }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    write_text(folder_ / name, text);
  }

  std::vector<std::string> lines_of(const std::string& name) {
    std::istringstream text(file_text(folder_ / name));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  // Sentences of four words and five, each of which has two translations.
  void write_pairs_with_choices() {
    Random random(1, "choices");
    for (const auto& [part, count] : {std::pair{"train", 200}, {"valid", 20}, {"test", 20}}) {
      std::string source, target;
      for (int k = 0; k < count; ++k) {
        for (int word = 0; word < 4 + k % 2; ++word) {
          const auto letter = static_cast<char>(random.below(2));
          const char first = random.below(3) == 0 ? 'X' : 'A';
          source += std::string(word > 0 ? " " : "") + static_cast<char>('a' + letter);
          target += std::string(word > 0 ? " " : "") + static_cast<char>(first + letter);
        }
        source += "\n";
        target += "\n";
      }
      write("pairs/" + std::string(part) + ".en", source);
      write("pairs/" + std::string(part) + ".fr", target);
    }
  }

  // What was drawn for each source once, and of it five with the highest scores.
  void expect_best_of_drawn(const std::string& cell) {
    const auto shown = lines_of("runs/shown"), best = lines_of("runs/drawn/" + cell + ".best");
    ASSERT_GE(shown.size(), 2U);
    ASSERT_EQ(best.size(), shown.size());
    const auto pairs = lines_of("runs/drawn/" + cell + ".pairs");
    const auto logs = lines_of("runs/drawn/" + cell + ".scores");
    ASSERT_EQ(pairs.size(), logs.size());
    std::map<std::string, double> log_p;
    for (std::size_t k = 0; k < pairs.size(); ++k) log_p[pairs[k]] = std::stod(logs[k]);
    EXPECT_EQ(log_p.size(), pairs.size());
    for (std::size_t k = 0; k < shown.size(); ++k) {
      std::istringstream targets(best[k]);
      double last = 0.0;
      int count = 0, better = 0;
      for (std::string target; std::getline(targets, target, '\t'); ++count) {
        ASSERT_TRUE(log_p.contains(shown[k] + "\t" + target)) << target;
        EXPECT_LE(log_p[shown[k] + "\t" + target], last);
        last = log_p[shown[k] + "\t" + target];
      }
      for (const auto& [pair, log] : log_p) {
        better += pair.starts_with(shown[k] + "\t") && log > last ? 1 : 0;
      }
      EXPECT_EQ(count, 5);
      EXPECT_LE(better, 4);
    }
  }

  // A line with so many words, the same ones each.
  static std::string line(const std::string& word, int words) {
    std::string text = word;
    for (int k = 1; k < words; ++k) text += " " + word;
    return text + "\n";
  }

  TemporaryFolder folder_;
};

// Rows of the CSV that a script ends with, behind the last empty line.
std::vector<Row> last_rows(const std::string& text) {
  const std::size_t gap = text.rfind("\n\n");
  return read_csv(gap == text.npos ? text : text.substr(gap + 2));
}

TEST_F(Scripts, NetworksScorePhrasesAndTheSystemTakesTheScores) {
  write_pairs_with_choices();
  const std::string changes =
      " 'cells=[{name: gru_reset_before, hidden: 4}, {name: rnn_tanh, hidden: 4}]' seeds=2"
      " train.epochs=1";
  const CommandResult scores = run("phrase_scores pairs runs" + changes + " 2>errors");
  ASSERT_EQ(scores.code, 0) << scores.text << file_text(folder_ / "errors");
  EXPECT_THAT(scores.text, HasSubstr("\n| rnn_tanh | 1-3 | all |"));
  EXPECT_THAT(scores.text, HasSubstr("| source | p(target \\| source) | gru_reset_before | rnn_t"));
  EXPECT_THAT(scores.text,
              HasSubstr("\n| source | gru_reset_before | rnn_tanh |\n|---|---|---|\n"));
  expect_best_of_drawn("rnn_tanh");
  const auto rows = read_csv(file_text(folder_ / "runs/agreement.csv"));
  EXPECT_EQ(rows.front().at("network"), "gru_reset_before");
  EXPECT_EQ(rows.back().at("network"), "fewest words");

  const CommandResult bleu = run("rescore pairs runs 2" + changes + " 2>errors");
  ASSERT_EQ(bleu.code, 0) << bleu.text << file_text(folder_ / "errors");
  const auto each = read_csv(file_text(folder_ / "runs/bleu.csv"));
  ASSERT_EQ(each.size(), 2U + 4U * 2U);
  EXPECT_EQ(each[9].at("network"), "rnn_tanh-h4-s2");
  EXPECT_EQ(each[9].at("tuning"), "2");
  EXPECT_EQ(file_text(folder_ / "runs/bleu/rnn_tanh-h4-s2.2"),
            "valid BLEU " + each[9].at("valid") + "\ntest BLEU " + each[9].at("test") + "\n");
  const CommandResult other = run("rescore pairs runs 2 train.epochs=2");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.text, HasSubstr("train.epochs=2'; take a new folder"));
  const auto means = last_rows(bleu.text);
  ASSERT_EQ(means.size(), 3U);
  EXPECT_EQ(means[0].at("network"), "none");
  EXPECT_EQ(means[2].at("network"), "rnn_tanh-h4");
  EXPECT_EQ(means[2].at("translations"), "4");
  std::vector<double> tests;
  for (std::size_t k = 6; k < 10; ++k) tests.push_back(std::stod(each[k].at("test")));
  double mean = 0.0, squares = 0.0;
  for (const double one : tests) mean += one / 4.0;
  for (const double one : tests) squares += (one - mean) * (one - mean);
  EXPECT_NEAR(std::stod(means[2].at("test")), mean, 0.0051);
  EXPECT_NEAR(std::stod(means[2].at("test_deviation")), std::sqrt(squares / 3.0), 0.0051);
}

// The stand-in finds longer translations likelier; the wrong place of its arguments would end it.
TEST_F(Scripts, ListsAreRankedAgain) {
  write_pairs(folder_ / "pairs", 200);
  const std::string build = build_with(
      "[ \"$1 $2 $5\" = 'score run --cell' ] || exit 9\n"
      "paste -d ' ' \"$3\" \"$4\" >>pairs_seen\nawk '{ print NF }' \"$4\"\n");
  const CommandResult result = run("rerank pairs run work --cell x 2>errors", build);
  ASSERT_EQ(result.code, 0) << result.text << file_text(folder_ / "errors");
  const auto rows = read_csv(result.text);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_THAT(file_text(folder_ / "errors"), HasSubstr("test BLEU " + rows[2].at("bleu") + "\n"));
  // Each translation stands beside its own sentence.
  std::vector<std::string> expected;
  for (const auto& [part, name] : {std::pair{"valid", "val"}, {"test", "test_2016_flickr"}}) {
    const auto sentences = lines_of("pairs/" + std::string(name) + ".lc.norm.tok.en");
    for (const std::string& one : lines_of("work/system." + std::string(part) + ".n-best")) {
      const std::size_t first = one.find(" ||| "), second = one.find(" ||| ", first + 5);
      expected.push_back(sentences.at(std::stoul(one)) + " " +
                         one.substr(first + 5, second - first - 5));
    }
  }
  EXPECT_EQ(lines_of("pairs_seen"), expected);
}

TEST_F(Scripts, AttentionIsComparedWithTheAligner) {
  write_pairs(folder_ / "pairs", 200);
  // The stand-in looks at the words in the order turned round, as they are translated.
  const std::string build = build_with(
      "[ \"$1 $2 $5 $6 $7\" = 'score run --show links --cell' ] || exit 9\n"
      "awk '{ l = \"\"; for (t = 0; t < NF; ++t) l = l (NF - 1 - t) \"-\" t \" \"; print l }' "
      "$3\n");
  const CommandResult result = run("attention run pairs work --cell x 2>errors", build);
  ASSERT_EQ(result.code, 0) << result.text << file_text(folder_ / "errors");
  const auto rows = read_csv(result.text);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at("links"), "attention");
  EXPECT_EQ(rows[1].at("links"), "diagonal");
  EXPECT_GT(std::stod(rows[0].at("f1")), 0.6);
  EXPECT_LT(std::stod(rows[1].at("f1")), std::stod(rows[0].at("f1")));
}

// 2 source words to 4 target words and the other way.
TEST_F(Scripts, TheDiagonalIsThatOfTheLengths) {
  for (const std::string part : {"train", "valid", "test"}) {
    write("pairs/" + part + ".en", "a b\na b c d\na b c\n");
    write("pairs/" + part + ".fr", "A B C D\nA B\nA B C\n");
  }
  const std::string build = build_with("printf '0-0\\n0-0\\n0-0\\n'\n");
  const CommandResult result = run("attention run pairs work 2>errors", build);
  ASSERT_EQ(result.code, 0) << result.text << file_text(folder_ / "errors");
  EXPECT_EQ(file_text(folder_ / "work/diagonal"), "0-0 0-1 1-2 1-3\n1-0 3-1\n0-0 1-1 2-2\n");
}

TEST_F(Scripts, GradientsAreSummed) {
  write_pairs(folder_ / "pairs", 30);
  const std::string build =
      build_with("[ \"$1 $2 $5 $6\" = 'score run --show gradients' ] || exit 9\necho 1 3\n");
  const CommandResult result = run("gradients run pairs work", build);
  ASSERT_EQ(result.code, 0) << result.text;
  const auto rows = read_csv(result.text);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[1].at("share"), "0.75000");
}

TEST_F(Scripts, PairsAreJoinedToLengths) {
  std::string source, target;
  const std::vector<std::pair<std::string, int>> sentences = {
      {"a", 12}, {"b", 9}, {"c", 25}, {"d", 10}, {"e", 10}, {"f", 9}, {"g", 10}};
  for (const auto& [word, words] : sentences) {
    source += line(word, words);
    target += word + word + "\n";
  }
  write("pairs/test.en", source);
  write("pairs/test.fr", target);
  const CommandResult result = run("joined pairs out");
  ASSERT_EQ(result.code, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("20-29 words: 2 of pairs that are joined\n"));
  const auto text = [&](const std::string& name) { return file_text(folder_ / ("out/" + name)); };
  EXPECT_EQ(text("20-29.target"), "aa bb\ndd ee\n")
      << "c alone is not joined, with others too long";
  EXPECT_EQ(text("30-39.target"), "bb cc\ndd ee ff gg\n");
  EXPECT_EQ(text("40-49.target"), "aa bb cc\n");
  EXPECT_EQ(text("50-60.target"), "aa bb cc dd\n");
  std::string joined = line("b", 9) + line("c", 25);
  joined[joined.find('\n')] = ' ';
  EXPECT_TRUE(text("30-39.source").starts_with(joined));
}

TEST_F(Scripts, LongSentencesAreTranslatedByLength) {
  write("joined/20-29.source", "a\nb\n");
  write("joined/30-39.source", "");
  write("joined/50-60.source", "c\n");
  const std::string build = build_with(
      "[ \"$1 $2 $3 $5\" = 'translate run --reference --beam' ] || exit 9\ncat\necho a model >&2\n"
      "echo \"BLEU ${4#joined/}  chrF2 45.67  exact 0.50 %  of 7 sentences\" >&2\n");
  const CommandResult result = run("long_sentences run joined --beam 4", build);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.text,
            "words,sentences,bleu,chrf\n20-29,7,20-29.target,45.67\n50-60,7,50-60.target,45.67\n");
}

TEST_F(Scripts, BeamsAreThoseOfEachTrial) {
  write_pairs(folder_ / "pairs", 30);
  for (const char* trial : {"gru-s1", "lstm-s1"})
    fs::create_directories(folder_ / "run/trials" / trial);
  const std::string build = build_with(
      "[ \"$1 $2 $3 $5 $7\" = 'translate run --reference --trial --beam' ] || exit 9\ncat\n"
      "echo \"BLEU $8.5  chrF2 ${#6}.25  exact 0.50 %  of 7 sentences\" >&2\n");
  const CommandResult result = run("beams run pairs", build);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.text,
            "trial,beam,sentences,bleu,chrf\ngru-s1,1,7,1.5,6.25\ngru-s1,4,7,4.5,6.25\n"
            "gru-s1,10,7,10.5,6.25\nlstm-s1,1,7,1.5,7.25\nlstm-s1,4,7,4.5,7.25\n"
            "lstm-s1,10,7,10.5,7.25\n");
}

TEST_F(Scripts, WrongInputEndsWithTwoAndOneMessage) {
  write_pairs(folder_ / "pairs", 30);
  fs::create_directory(folder_ / "other");
  const std::string build = build_with("echo no such run >&2\nexit 2\n");
  const auto expect = [&](const std::string& command, const std::string& message) {
    const CommandResult result = run(command, build);
    EXPECT_EQ(result.code, 2) << command;
    EXPECT_THAT(result.text, HasSubstr(message)) << command;
  };
  expect("rescore pairs runs", "rescore FOLDER RUNS TUNINGS [key=value ..]");
  expect("rescore pairs runs 0", "TUNINGS is '0', expected a number from 1");
  expect("phrase_scores nowhere runs", "nowhere is no folder");
  expect("gradients run pairs work", "no such run");
  expect("gradients run other work", "work/made_of:1: got '");
  fs::create_directories(folder_ / "run/trials/one");
  expect("beams run pairs", "no such run");
  expect("joined other out", "test_2016_flickr.lc.norm.tok.en: there is no such file");
  expect("long_sentences run other", "there is no 20-29.source in it");
  write("short/test.en", "a\nb\n");
  write("short/test.fr", "A\n");
  expect("joined short out", "error: short/test.en:2: got a line without its translation");
  write("short/test.fr", "A\nB\nC\n");
  expect("joined short out", "error: short/test.fr:3: got a line without its translation");
  write("joined/20-29.source", "a\n");
  expect("long_sentences run joined", "no such run");
}

}  // namespace
}  // namespace carousel::phrases
