// Pieces of words by byte pair encoding.

#include "data/subwords.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// By hand: seven characters, the sign that begins words being one; "ab" stands four times, any
// other two neighbours once.
const Sentences learned = {{"cab", "dab"}, {"eab", "fab"}};

TEST(Subwords, TheMostFrequentNeighboursBecomeAPiece) {
  const Subwords pieces(learned, 8);
  EXPECT_THAT(pieces.split(std::vector<std::string>{"cab", "bad"}),
              ElementsAre("\u2581", "c", "ab", "\u2581", "b", "a", "d"));
}

TEST(Subwords, WhatIsSplitIsJoinedAgain) {
  const Subwords pieces(learned, 8);
  const std::vector<std::string> words = {"cab", "a", "feed", "fab"};
  EXPECT_EQ(pieces.join(pieces.split(words)), words);
  EXPECT_THAT(pieces.join(std::vector<std::string>{"\u2581", "<unk>", "\u2581", "ab"}),
              ElementsAre("<unk>", "ab"));
}

TEST(Subwords, ACharacterThatWasNeverSeenIsAPieceOfItsOwn) {
  const Subwords pieces(learned, 8);
  EXPECT_THAT(pieces.split(std::vector<std::string>{"ab\u00e9"}),
              ElementsAre("\u2581", "ab", "\u00e9"));
}

TEST(Subwords, ACountThatCannotBeIsRefused) {
  EXPECT_THAT(error_of<InputError>([&] { Subwords(learned, 6); }),
              HasSubstr("got 6 pieces, expected 7 at least"));
  EXPECT_THAT(error_of<InputError>([&] { Subwords(learned, 1000); }),
              testing::AllOf(HasSubstr("1000 pieces are more than 2 sentences have; take fewer"),
                             HasSubstr("SentencePiece")));
}

}  // namespace
}  // namespace carousel
