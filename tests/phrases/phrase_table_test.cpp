// Phrases of aligned sentences and their scores, by hand.

#include "phrase_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace carousel::phrases {
namespace {

std::set<std::pair<Words, Words>> pairs_of(const PhraseTable& table) {
  std::set<std::pair<Words, Words>> all;
  table.for_each([&](const Words& source, const std::vector<Option>& options) {
    for (const Option& option : options) all.insert({source, option.target});
  });
  return all;
}

const Option& option(const PhraseTable& table, const Words& source, const Words& target) {
  for (const Option& one : table.options(source)) {
    if (one.target == target) return one;
  }
  ADD_FAILURE() << "no such pair of phrases";
  static const Option missing;
  return missing;
}

// 0 1 2 with 10 11 12 13: 0-10, 1-12, 2-11, and 13 has no link.
TEST(Phrases, HoldAllLinksOfTheirWords) {
  const PhraseTable table({{{0, 1, 2}, {10, 11, 12, 13}}}, {{{0, 0}, {1, 2}, {2, 1}}});
  const std::set<std::pair<Words, Words>> expected = {{{0}, {10}},
                                                      {{1}, {12}},
                                                      {{1}, {12, 13}},
                                                      {{2}, {11}},
                                                      {{1, 2}, {11, 12}},
                                                      {{1, 2}, {11, 12, 13}},
                                                      {{0, 1, 2}, {10, 11, 12}},
                                                      {{0, 1, 2}, {10, 11, 12, 13}}};
  EXPECT_EQ(pairs_of(table), expected);
  EXPECT_EQ(table.size(), expected.size());
  EXPECT_EQ(table.options({0, 1}).size(), 0U) << "12 is linked to 1, and 11 between to 2";
}

TEST(Phrases, HaveAtMostSevenWords) {
  Pair pair;
  Links links;
  for (int k = 0; k < 9; ++k) {
    pair.source.push_back(k);
    pair.target.push_back(k + 10);
    links.emplace_back(k, k);
  }
  std::size_t longest = 0;
  for (const auto& [source, target] : pairs_of(PhraseTable({pair}, {links}))) {
    longest = std::max({longest, source.size(), target.size()});
  }
  EXPECT_EQ(longest, 7U);
}

// 0 is 10 twice and 11 once; 11 is 0 once and 1 once.
TEST(Phrases, AreScoredByHowOftenTheyStandTogether) {
  const PhraseTable table({{{0}, {10}}, {{0}, {10}}, {{0}, {11}}, {{1}, {11}}},
                          {{{0, 0}}, {{0, 0}}, {{0, 0}}, {{0, 0}}});
  EXPECT_NEAR(option(table, {0}, {10}).scores[0], std::log(2.0 / 3.0), 1e-12);
  EXPECT_NEAR(option(table, {0}, {10}).scores[1], 0.0, 1e-12);
  EXPECT_NEAR(option(table, {0}, {11}).scores[0], std::log(1.0 / 3.0), 1e-12);
  EXPECT_NEAR(option(table, {0}, {11}).scores[1], std::log(0.5), 1e-12);
  EXPECT_EQ(option(table, {0}, {10}).count, 2);
}

// One pair with 0-10, 0-11 and 12 without a link; another one with 0-10.
TEST(Phrases, AreScoredByTheirWords) {
  const PhraseTable table({{{0}, {10, 11, 12}}, {{0}, {10}}}, {{{0, 0}, {0, 1}}, {{0, 0}}});
  // p(10 | 0) = 2/3, p(11 | 0) = 1/3, p(12 | none) = 1.
  EXPECT_NEAR(option(table, {0}, {10, 11, 12}).scores[2], std::log(2.0 / 3.0 * 1.0 / 3.0 * 1.0),
              1e-12);
  // p(0 | 10) = p(0 | 11) = 1, and their mean.
  EXPECT_NEAR(option(table, {0}, {10, 11, 12}).scores[3], 0.0, 1e-12);
}

}  // namespace
}  // namespace carousel::phrases
