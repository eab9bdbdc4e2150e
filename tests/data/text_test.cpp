#include "data/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Text : public testing::Test {
 protected:
  TextSet read(const std::string& text, const TextForm& form) {
    std::ofstream(file_, std::ios::binary) << text;
    return read_text_set(file_, form);
  }
  // The symbols of a part, joined by '|'.
  static std::string shown(const TextSet& set, std::size_t part) {
    std::string all;
    for (const std::uint32_t symbol : set.parts[part].symbols) {
      all += set.vocabulary.text(symbol) + "|";
    }
    return all;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "mine.txt";
};

TEST_F(Text, IsCutIntoCharactersOrWords) {
  EXPECT_THAT(symbols_of("aé\n", false), ElementsAre("a", "é", "\n"));
  EXPECT_THAT(symbols_of(" to  be,\tor\nnot \n", true),
              ElementsAre("to", "be,", "or", "\n", "not", "\n"));
  EXPECT_TRUE(symbols_of("", false).empty());
}

TEST_F(Text, HasThreePartsInItsOrder) {
  const TextSet set = read("abcabcabcd", {.valid = 0.2, .test = 0.2});
  EXPECT_EQ(set.name, "mine");
  EXPECT_EQ(shown(set, 0), "a|b|c|a|b|c|");
  EXPECT_EQ(shown(set, 1), "a|b|");
  EXPECT_EQ(shown(set, 2), "c|<unk>|") << "d is not in the training part";
  EXPECT_EQ(set.unknown, 3);
  EXPECT_EQ(set.vocabulary.size(), 4);
  EXPECT_THAT(set.parts[0].starts, ElementsAre(0, 6));
  EXPECT_EQ(read("abcabcabca", {.valid = 0.2, .test = 0.2}).unknown, -1);
}

TEST_F(Text, OfLinesKeepsThemWhole) {
  const TextSet set = read("ab c\r\n\nab\nx y z\n \nab\nab\nc\nc",
                           {.words = true, .lines = true, .valid = 0.3, .test = 0.3});
  EXPECT_EQ(shown(set, 0), "ab|c|ab|x|y|z|");
  EXPECT_THAT(set.parts[0].starts, ElementsAre(0, 2, 3, 6));
  EXPECT_EQ(set.parts[1].lines(), 2);
  EXPECT_EQ(set.parts[2].lines(), 2);
}

TEST_F(Text, OfLinesHasNoLineEndsOfOtherSystems) {
  const TextSet set =
      read("ab\r\nc\r\r\nb\r\na\r\nb\r\nc", {.lines = true, .valid = 0.3, .test = 0.3});
  EXPECT_EQ(shown(set, 0), "a|b|c|\r|") << "one carriage return is of the line's end";
  EXPECT_EQ(shown(set, 1), "b|a|");
  EXPECT_EQ(shown(set, 2), "b|c|");
}

// A form feed alone, as it stands between the pages of old texts, and a carriage return too many.
TEST_F(Text, OfLinesLeavesOutThoseOfBlanksAlone) {
  for (const bool words : {false, true}) {
    const TextSet set = read("a\n\f\nb\n\r\r\na\n\v \t\nb\na\nb\n",
                             {.words = words, .lines = true, .valid = 0.3, .test = 0.3});
    EXPECT_EQ(shown(set, 0), "a|b|");
    EXPECT_THAT(set.parts[0].starts, ElementsAre(0, 1, 2));
    EXPECT_EQ(shown(set, 1), "a|b|");
    EXPECT_EQ(shown(set, 2), "a|b|");
  }
}

TEST_F(Text, RareWordsAreOne) {
  const TextSet set = read("a b a c a b d a a a a b a b",
                           {.words = true, .least_count = 2, .valid = 0.2, .test = 0.2});
  EXPECT_EQ(shown(set, 0), "a|b|a|<unk>|a|b|<unk>|a|");
}

TEST_F(Text, ThatCannotBeReadIsNamed) {
  const auto error = [&](const std::string& text) {
    return error_of<InputError>([&] { read(text, {.valid = 0.2, .test = 0.2}); });
  };
  EXPECT_THAT(error("abcde"), AllOf(HasSubstr("mine.txt"), HasSubstr("got 5 characters, too few"),
                                    HasSubstr("valid_share 0.2")));
  EXPECT_THAT(error(""), HasSubstr("got 0 characters"));
  EXPECT_THAT(error("abc\ndef\xff ghijkl"), AllOf(HasSubstr("mine.txt"), HasSubstr("2")));
  EXPECT_THAT(error_of<InputError>([&] { read_text_set(folder_ / "none.txt", {}); }),
              HasSubstr("none.txt"));
}

// Some programs put one in front of a text; it is no symbol of it.
TEST_F(Text, AByteOrderMarkIsLeftOut) {
  const TextForm form{.valid = 0.25, .test = 0.25};
  EXPECT_EQ(shown(read("\xef\xbb\xbf"
                       "abababab",
                       form),
                  0),
            "a|b|a|b|");
}

TEST(TextWindows, BeginAnywhereAndKnowWhatComesNext) {
  TextPart part;
  for (std::uint32_t k = 0; k < 6; ++k) part.symbols.push_back(10 * k);
  Random random(1, "places");
  std::set<float> begins;
  for (int draw = 0; draw < 50; ++draw) {
    const TextWindows windows = random_windows(part, 3, 2, random);
    ASSERT_EQ(windows.x.shape(), (Shape{3, 2}));
    for (Index k = 0; k < 6; ++k) {
      EXPECT_EQ(windows.next.data()[k], windows.x.data()[k] + 10.0f);
      EXPECT_EQ(windows.x.data()[k], windows.x.data()[k % 2] + (k < 2   ? 0.0f
                                                                : k < 4 ? 10.0f
                                                                        : 20.0f));
    }
    begins.insert(windows.x.data()[0]);
  }
  EXPECT_THAT(begins, ElementsAre(0.0f, 10.0f, 20.0f));
  EXPECT_THAT(error_of<InputError>([&] { random_windows(part, 6, 1, random); }),
              HasSubstr("6 steps from a text of 6 symbols, expected at least 1 of 1 to 5"));
  EXPECT_THAT(error_of<InputError>([&] { random_windows(part, 3, 0, random); }),
              HasSubstr("got 0 windows of 3 steps"));
  EXPECT_THAT(error_of<InputError>([&] { random_windows(part, 0, 2, random); }),
              HasSubstr("got 2 windows of 0 steps"));
  EXPECT_EQ(random_windows(part, 5, 1, random).x.data()[0], 0.0f) << "from its begin alone";
}

}  // namespace
}  // namespace carousel
