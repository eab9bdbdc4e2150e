// Ranks and their correlation, by hand.

#include "rank_correlation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace carousel::phrases {
namespace {

using ::testing::ElementsAre;

TEST(RankCorrelation, EqualValuesShareTheMeanOfTheirRanks) {
  EXPECT_THAT(ranks_of({3.0, 1.0, 2.0}), ElementsAre(3, 1, 2));
  EXPECT_THAT(ranks_of({5.0, 1.0, 5.0, 0.0, 5.0}), ElementsAre(4, 2, 4, 1, 4));
  EXPECT_THAT(ranks_of({7.0, 7.0}), ElementsAre(1.5, 1.5));
  EXPECT_TRUE(ranks_of({}).empty());
}

TEST(RankCorrelation, WithoutTiesIsThatOfTheSquaredDifferences) {
  EXPECT_NEAR(rank_correlation({1, 2, 3}, {10, 20, 1000}), 1.0, 1e-12);
  EXPECT_NEAR(rank_correlation({1, 2, 3}, {3, 2, 1}), -1.0, 1e-12);
  // Differences 0, 1, -1, 1, -1 of the ranks: 1 - 6 * 4 / (5 * 24).
  EXPECT_NEAR(rank_correlation({1, 2, 3, 4, 5}, {1, 3, 2, 5, 4}), 0.8, 1e-12);
}

// Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5, squares 4.5 and 5.
TEST(RankCorrelation, WithTies) {
  EXPECT_NEAR(rank_correlation({0, 1, 1, 2}, {0, 1, 2, 3}), std::sqrt(0.9), 1e-12);
}

TEST(RankCorrelation, IsNoneWhereAllAreEqual) {
  EXPECT_TRUE(std::isnan(rank_correlation({1, 1, 1}, {1, 2, 3})));
  EXPECT_TRUE(std::isnan(rank_correlation({1, 2, 3}, {4, 4, 4})));
}

}  // namespace
}  // namespace carousel::phrases
