// Sentences and their translations, line by line of two files.

#include "data/sentence_pairs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class SentencePairs : public testing::Test {
 protected:
  SentencePairs() {
    for (const char* part : {"train", "valid", "test"}) {
      write(std::string(part) + ".en", "a dog\na cat runs\n");
      write(std::string(part) + ".fr", "un chien\nun chat court\n");
    }
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  PairSet read() { return read_sentence_pairs(folder_.path(), "en", "fr"); }
  std::string error(const std::string& name, const std::string& text) {
    write(name, text);
    return error_of<InputError>([&] { read(); });
  }

  TemporaryFolder folder_;
};

TEST_F(SentencePairs, AreTheLinesOfTwoFiles) {
  write("valid.en", "yes\n");
  write("valid.fr", "oui oui\n");
  const PairSet set = read();
  ASSERT_EQ(set.parts[0].size(), 2U);
  EXPECT_THAT(set.parts[0][1].source, ElementsAre("a", "cat", "runs"));
  EXPECT_THAT(set.parts[0][1].target, ElementsAre("un", "chat", "court"));
  ASSERT_EQ(set.parts[1].size(), 1U);
  EXPECT_THAT(set.parts[1][0].target, ElementsAre("oui", "oui"));
  EXPECT_EQ(set.parts[2].size(), 2U);
}

TEST_F(SentencePairs, MayBeReadTheOtherWay) {
  const PairSet set = read_sentence_pairs(folder_.path(), "fr", "en");
  EXPECT_THAT(set.parts[0][0].source, ElementsAre("un", "chien"));
  EXPECT_THAT(set.parts[0][0].target, ElementsAre("a", "dog"));
}

// Byte order mark, other line ends, no newline at the end, blanks at both ends.
TEST_F(SentencePairs, MayBeWrittenByOtherSystems) {
  write("train.en",
        "\xef\xbb\xbf"
        "a dog\r\n a  cat ");
  const PairSet set = read();
  EXPECT_THAT(set.parts[0][0].source, ElementsAre("a", "dog"));
  EXPECT_THAT(set.parts[0][1].source, ElementsAre("a", "cat"));
}

TEST_F(SentencePairs, OfMulti30kHaveItsNamesOfFiles) {
  TemporaryFolder folder;
  for (const char* part : {"train", "val", "test_2016_flickr"}) {
    for (const char* language : {"de", "en"}) {
      std::ofstream(folder / (std::string(part) + ".lc.norm.tok." + language)) << part << '\n';
    }
  }
  const PairSet set = read_sentence_pairs(folder.path(), "de", "en");
  EXPECT_THAT(set.parts[0].at(0).source, ElementsAre("train"));
  EXPECT_THAT(set.parts[1].at(0).target, ElementsAre("val"));
  EXPECT_THAT(set.parts[2].at(0).source, ElementsAre("test_2016_flickr"));
}

TEST_F(SentencePairs, NameTheLineThatHasNoTranslation) {
  EXPECT_THAT(error("valid.fr", "un chien\n"),
              AllOf(HasSubstr("valid.en:2: got a line without its translation"),
                    HasSubstr("valid.en has 2 lines"), HasSubstr("valid.fr has 1")));
  EXPECT_THAT(error("valid.fr", "un\ndeux\ntrois\n"), HasSubstr("valid.fr:3: got a line without"));
}

TEST_F(SentencePairs, NameTheLineThatIsNoSentence) {
  EXPECT_THAT(error("test.en", "a\n \nb\n"), HasSubstr("test.en:2: got an empty line"));
  EXPECT_THAT(error("test.en", ""), HasSubstr("test.en: got an empty file"));
  EXPECT_THAT(error("test.en", "a\nb \r c\n"),
              HasSubstr("test.en:2: got a carriage return inside the line"));
  EXPECT_THAT(error("test.en", "a\nb\xff\n"), AllOf(HasSubstr("test.en:2"), HasSubstr("UTF-8")));
  std::string most;
  for (int k = 0; k < 1000; ++k) most += "a ";
  write("test.en", "a\n" + most + "\n");
  EXPECT_EQ(read().parts[2][1].source.size(), 1000U);
  EXPECT_THAT(error("test.en", "a\n" + most + "b\n"),
              HasSubstr("test.en:2: got a sentence of 1001 words, expected at most 1000"));
}

TEST_F(SentencePairs, NameWhatIsMissing) {
  std::filesystem::remove(folder_ / "test.fr");
  EXPECT_THAT(error_of<InputError>([&] { read(); }), HasSubstr("test.fr"));
  EXPECT_THAT(error_of<InputError>([&] { read_sentence_pairs(folder_.path(), "it", "en"); }),
              AllOf(HasSubstr("there is no train.it in it"), HasSubstr("docs/data.md")));
}

TEST_F(SentencePairs, HaveADigestOfAllWords) {
  const std::string before = digest_of(read());
  EXPECT_EQ(digest_of(read()), before);
  write("test.fr", "un chien\nun chat dort\n");
  EXPECT_NE(digest_of(read()), before);
  write("test.fr", "un chien\nun chat court\n");
  write("test.en", "a dog a\ncat runs\n");
  EXPECT_NE(digest_of(read()), before) << "the same words, another line";
}

}  // namespace
}  // namespace carousel
