// The programs `phrases` and `figures` as they are called.

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

class Programs : public ::testing::Test {
 protected:
  // In the folder, without what goes to the standard error unless that is asked for.
  CommandResult run(const std::string& command) const {
    return run_shell("cd " + folder_.path().string() + " && " + PHRASES_FOLDER "/" + command);
  }

  void write(const std::string& name, const std::string& text) const {
    write_text(folder_ / name, text);
  }

  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  TemporaryFolder folder_;
};

TEST_F(Programs, LinksAreThoseOfAllParts) {
  write_pairs(folder_ / "pairs", 200);
  const CommandResult result = run("phrases pairs --links links");
  EXPECT_EQ(result.code, 0) << result.text;
  EXPECT_EQ(lines(file_text(folder_ / "links.train")), 200U);
  EXPECT_EQ(lines(file_text(folder_ / "links.valid")), 9U);
  EXPECT_EQ(lines(file_text(folder_ / "links.test")), 7U);
  // A word is written for each word, in the order turned round.
  std::istringstream sources(file_text(folder_ / "pairs/test_2016_flickr.lc.norm.tok.en"));
  std::string expected;
  for (std::string line; std::getline(sources, line);) {
    const std::size_t words = (line.size() + 1) / 2;
    for (std::size_t s = 0; s < words; ++s) {
      expected += std::to_string(s) + "-" + std::to_string(words - 1 - s) + " ";
    }
    expected.back() = '\n';
  }
  write("expected", expected);
  const auto rows = read_csv(run("figures links links.test expected").text);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_GT(std::stod(rows[0].at("f1")), 0.6) << rows[0].at("f1");
}

TEST_F(Programs, NBestListsHoldTheTranslationsFirst) {
  write_pairs(folder_ / "pairs", 200);
  const CommandResult result = run("phrases pairs --rounds 1 --out out --n-best 4");
  ASSERT_EQ(result.code, 0) << result.text;
  std::istringstream list(file_text(folder_ / "out.test.n-best"));
  std::string best, last = "-1";
  int count = 0, most = 0;
  for (std::string line; std::getline(list, line);) {
    const std::size_t end = line.find(" ||| "), second = line.find(" ||| ", end + 5);
    count = line.substr(0, end) == last ? count + 1 : 1;
    most = std::max(most, count);
    last = line.substr(0, end);
    if (count == 1) best += line.substr(end + 5, second - end - 5) + "\n";
  }
  EXPECT_EQ(best, file_text(folder_ / "out.test"));
  EXPECT_EQ(last, "6");
  EXPECT_EQ(most, 4);
  // Ranked by the score that they have, BLEU is that of the translations.
  const auto rows = [&](const std::string& scores) {
    for (const std::string part : {"valid", "test"}) {
      const std::string all = file_text(folder_ / ("out." + part + ".n-best"));
      std::string text;
      for (std::size_t k = 0; k < lines(all); ++k) text += scores + "\n";
      write(part + ".scores", text);
    }
    const std::string tok = ".lc.norm.tok.fr";
    return read_csv(run("figures rerank --valid out.valid.n-best valid.scores pairs/val" + tok +
                        " --test out.test.n-best test.scores pairs/test_2016_flickr" + tok)
                        .text);
  };
  const auto found = rows("-1");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[2].at("part"), "test");
  EXPECT_THAT(result.text, HasSubstr("valid BLEU " + found[0].at("bleu") + "\n"));
  EXPECT_THAT(result.text, HasSubstr("test BLEU " + found[2].at("bleu") + "\n"));
  EXPECT_EQ(found[3].at("bleu"), found[2].at("bleu")) << "the same score of all changes nothing";
}

TEST_F(Programs, ScoresAreComparedAndShown) {
  std::string table, good, bad;
  for (int s = 0; s < 9; ++s) {
    for (int t = 0; t < 3; ++t) {
      table += "a b c w" + std::to_string(s) + " ||| t" + std::to_string(t) + " ||| -" +
               std::to_string(t + 1) + " 0 0 0 ||| " + std::to_string(s + 1) + "\n";
      good += "-" + std::to_string(t) + "\n";
      bad += std::to_string(t) + "\n";
    }
  }
  write("table", table);
  write("good", good);
  write("bad", bad);
  const CommandResult result =
      run("figures scores table good=good bad=bad --examples 2 --csv csv --sources sources");
  ASSERT_EQ(result.code, 0) << result.text;
  const auto rows = read_csv(file_text(folder_ / "csv"));
  ASSERT_EQ(rows.size(), 9U);
  EXPECT_EQ(rows[0].at("correlation"), "1.0000");
  EXPECT_EQ(rows[1].at("frequency"), "frequent");
  EXPECT_EQ(rows[1].at("sources"), "3");
  EXPECT_EQ(rows[5].at("network"), "bad");
  EXPECT_EQ(rows[5].at("correlation"), "-1.0000");
  EXPECT_EQ(rows[6].at("network"), "fewest words");
  EXPECT_EQ(rows[6].at("correlation"), "0.0000") << "all targets have one word";
  EXPECT_THAT(result.text, HasSubstr(" | t0<br>t1<br>t2 | t0<br>t1<br>t2 | t2<br>t1<br>t0 |\n"));
  EXPECT_EQ(lines(file_text(folder_ / "sources")), 4U);
}

TEST_F(Programs, PlacesHaveShares) {
  write("norms", "1 3\n1 1\n");
  const auto rows = read_csv(run("figures places norms --width 5").text);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].at("words"), "1-5");
  EXPECT_EQ(rows[0].at("share"), "0.37500");
}

TEST_F(Programs, WrongInputEndsWithTwoAndOneMessage) {
  write("links", "0-0\n");
  write("wrong", "0+0\n");
  const auto expect = [&](const std::string& command, const std::string& message) {
    const CommandResult result = run(command);
    EXPECT_EQ(result.code, 2) << command;
    EXPECT_THAT(result.text, HasSubstr(message)) << command;
  };
  expect("figures links links wrong", "error: wrong:1: got '0+0', expected a link `s-t`");
  expect("figures links links nowhere", "error: nowhere");
  expect("figures scores links good", "error: got 'good', expected NAME=FILE");
  expect("figures places links --width 0", "--width");
  expect("figures rerank --valid a b --test a b c", "--valid");
  expect("figures", "subcommand");
  write_pairs(folder_ / "pairs");
  write("further", "a ||| A ||| -1\na ||| B ||| much\n");
  expect("phrases pairs --further further", "error: further:2: got 'much', expected a finite");
  write("further", "a ||| A\n");
  expect("phrases pairs --further further", "error: further:1: got 'a ||| A', expected `source");
  expect("phrases pairs --n-best 3", "--out");
}

}  // namespace
}  // namespace carousel::phrases
