#include "data/sentences.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sentence_files.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Sentences : public testing::Test {
 protected:
  Sentences() {
    write("train.txt", "sad a b\nglad c\nsad a\n");
    write("valid.txt", "glad a\n");
    write("test.txt", "sad c\n");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  SentenceSet read() { return read_sentences(folder_.path()); }
  std::string error(const std::string& name, const std::string& text) {
    write(name, text);
    return error_of<InputError>([&] { read(); });
  }

  TemporaryFolder folder_;
};

TEST_F(Sentences, AreALabelAndWords) {
  const SentenceSet set = read();
  EXPECT_THAT(set.classes, ElementsAre("glad", "sad"));
  ASSERT_EQ(set.train.size(), 3U);
  EXPECT_EQ(set.train[0].label, 1);
  EXPECT_THAT(set.train[0].words, ElementsAre("a", "b"));
  EXPECT_EQ(set.train[1].label, 0);
  EXPECT_EQ(set.valid.at(0).label, 0);
  EXPECT_THAT(set.test.at(0).words, ElementsAre("c"));
}

TEST_F(Sentences, MayBeWrittenByOtherSystems) {
  // Byte order mark, tab, several blanks, carriage returns, no newline at the end, no ASCII.
  write("train.txt", "\xef\xbb\xbfsad\t a  b \r\nglad\tc\u00e9 \u4e2d\r\nsad \ta");
  const SentenceSet set = read();
  EXPECT_THAT(set.classes, ElementsAre("glad", "sad"));
  ASSERT_EQ(set.train.size(), 3U);
  EXPECT_THAT(set.train[0].words, ElementsAre("a", "b"));
  EXPECT_THAT(set.train[1].words, ElementsAre("c\u00e9", "\u4e2d"));
  EXPECT_THAT(set.train[2].words, ElementsAre("a"));
}

TEST_F(Sentences, OfSst2HaveItsNamesOfFiles) {
  write_sentences(folder_ / "sst2");
  const SentenceSet set = read_sentences(folder_ / "sst2");
  EXPECT_EQ(set.train.size(), 30U);
  EXPECT_EQ(set.valid.size(), 9U);
  EXPECT_EQ(set.test.size(), 7U);
  EXPECT_THAT(set.classes, ElementsAre("0", "1"));
}

TEST_F(Sentences, ThatCantBeReadAreOneMessageWithThePlace) {
  EXPECT_THAT(error("test.txt", "sad c\nmad c\n"),
              AllOf(HasSubstr("test.txt:2: got the label 'mad'"), HasSubstr("glad, sad")));
  EXPECT_THAT(error("test.txt", "sad c\n\nsad c\n"), HasSubstr("test.txt:2: got an empty line"));
  EXPECT_THAT(error("test.txt", "sad \t\n"),
              AllOf(HasSubstr("test.txt:1: got 'sad' without a sentence"), HasSubstr("expected")));
  EXPECT_THAT(error("test.txt", ""), HasSubstr("test.txt: got an empty file"));
  EXPECT_THAT(error("valid.txt", "sad a\nsad \xff\n"), HasSubstr("valid.txt:2: the byte 0xff"));
  EXPECT_THAT(error("valid.txt", std::string("sad \0", 5)),
              HasSubstr("valid.txt:1: the byte 0x00"));
  std::filesystem::remove(folder_ / "valid.txt");
  EXPECT_THAT(error("test.txt", "sad c\n"), HasSubstr("valid.txt: can't read this file"));
  EXPECT_THAT(error("train.txt", "sad a\nsad b\n"),
              AllOf(HasSubstr("train.txt: got 1 different labels"), HasSubstr("first word")));
  std::string many;
  for (int k = 0; k < 1001; ++k) many += fmt::format("{} word\n", k);
  EXPECT_THAT(error("train.txt", many), HasSubstr("got 1001 different labels, expected 2 to 1000"));
  many.resize(many.rfind("1000 word"));
  write("train.txt", many);
  write("valid.txt", "999 word\n");
  write("test.txt", "0 word\n");
  EXPECT_EQ(read().classes.size(), 1000U) << "as many as there may be";
  std::filesystem::remove(folder_ / "train.txt");
  EXPECT_THAT(error_of<InputError>([&] { read(); }),
              AllOf(HasSubstr("there is no train.txt"), HasSubstr("docs/data.md")));
}

TEST_F(Sentences, OfManyLabelsShowTen) {
  std::string many;
  for (int k = 10; k < 30; ++k) many += fmt::format("{} word\n", k);
  write("train.txt", many);
  EXPECT_THAT(error("valid.txt", "9 a\n"), HasSubstr("20 of the training file: 10, 11, 12, 13, 14, "
                                                     "15, 16, 17, 18, 19, .."));
  many.resize(many.find("20 word"));
  write("train.txt", many);
  EXPECT_THAT(error("valid.txt", "10 a\n9 a\n"),
              testing::EndsWith("valid.txt:2: got the label '9', expected one of the 10 of the "
                                "training file: 10, 11, 12, 13, 14, 15, 16, 17, 18, 19"));
}

TEST_F(Sentences, OfOtherContentHaveAnotherDigest) {
  const std::string digest = digest_of(read());
  write("valid.txt", "glad\ta\r\n");
  EXPECT_EQ(digest_of(read()), digest) << "the same labels and words";
  write("valid.txt", "sad a\nglad a\n");
  write("train.txt", "sad a b\nglad c\n");
  EXPECT_NE(digest_of(read()), digest) << "a sentence went to another split";
}

// The example of docs/data.md.
TEST_F(Sentences, OfTheDocumentsAreRead) {
  std::ifstream page(CAROUSEL_SOURCE_DIR "/docs/data.md");
  std::string line, example;
  while (std::getline(page, line) && line != "## Sentences") {
  }
  while (std::getline(page, line) && line != "```") {
  }
  while (std::getline(page, line) && line != "```") example += line + "\n";
  write("train.txt", example);
  write("valid.txt", example);
  write("test.txt", example);
  const SentenceSet set = read();
  EXPECT_THAT(set.classes, ElementsAre("blame", "praise"));
  EXPECT_THAT(set.train.at(0).words, ElementsAre("a", "stirring", ",", "funny", "film", "."));
}

}  // namespace
}  // namespace carousel
