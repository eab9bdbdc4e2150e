// Which words of two sentences belong together.

#include "alignment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carousel::phrases {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// 0 goes with 10, 1 with 11, 2 with 12, in the same order; no sentence alone tells that.
TEST(Alignment, FindsWordsThatStandTogether) {
  const std::vector<Pair> pairs = {{{0, 1}, {10, 11}},
                                   {{1, 2}, {11, 12}},
                                   {{0, 2}, {10, 12}},
                                   {{0}, {10}},
                                   {{2, 1, 0}, {12, 11, 10}}};
  const auto links = align(pairs);
  EXPECT_THAT(links[0], ElementsAre(0, 1));
  EXPECT_THAT(links[2], ElementsAre(0, 1));
  EXPECT_THAT(links[4], ElementsAre(0, 1, 2));
}

// The same words turned round: what stands together is stronger than the diagonal.
TEST(Alignment, FindsWordsInAnotherOrder) {
  std::vector<Pair> pairs;
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      if (a != b) pairs.push_back({{a, b}, {b + 10, a + 10}});
    }
    pairs.push_back({{a}, {a + 10}});
  }
  for (std::size_t p = 0; const auto& links : align(pairs, {.tension = 0.5})) {
    if (pairs[p++].source.size() < 2) continue;
    EXPECT_THAT(links, ElementsAre(1, 0));
  }
}

// A word that is everywhere comes from none, where each other word has one of its own.
TEST(Alignment, AWordMayComeFromNone) {
  std::vector<Pair> pairs;
  for (int a = 0; a < 8; ++a) pairs.push_back({{a}, {99, a + 10}});
  for (const auto& links : align(pairs, {.null_share = 0.3}))
    EXPECT_THAT(links, ElementsAre(-1, 0));
}

// Koehn, Och and Marcu 2003, by hand. Both say 0-0 and 2-2. 1-1 touches both and is said by one;
// 3-4 touches none and has two words without a link; 2-3 touches 2-2 and gives target 3 a link.
TEST(Alignment, IsGrownFromWhatBothDirectionsSay) {
  //                                target: 0  1  2  3   4
  const std::vector<int> of_target = {0, 1, 2, 2, -1};
  //                                source: 0   1  2  3
  const std::vector<int> of_source = {0, -1, 2, 4};
  EXPECT_THAT(symmetrised(of_target, of_source),
              ElementsAre(std::pair(0, 0), std::pair(1, 1), std::pair(2, 2), std::pair(2, 3),
                          std::pair(3, 4)));
}

// Both say 0-0. 0-2 is said by one, touches nothing, and its source has a link: it is left out.
TEST(Alignment, LeavesOutWhatOneDirectionSaysOfLinkedWords) {
  EXPECT_THAT(symmetrised({0, -1, 0}, {0, -1}), ElementsAre(std::pair(0, 0)));
  EXPECT_THAT(symmetrised({-1, -1}, {-1}), ElementsAre());
}

}  // namespace
}  // namespace carousel::phrases
