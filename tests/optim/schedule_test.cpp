#include "optim/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Schedule, IsALineByDefaultWhichIsTheRateItself) {
  for (const double done : {0.0, 0.3, 1.0}) EXPECT_EQ(rate_share({}, {done, {}}), 1.0);
  EXPECT_DOUBLE_EQ(rate_share({.final_rate = 0.2}, {0.25, {}}), 0.8);
  EXPECT_DOUBLE_EQ(rate_share({.final_rate = 0.2}, {1.0, {}}), 0.2);
  EXPECT_EQ(rate_share({.name = "constant", .final_rate = 0.2}, {0.7, {}}), 1.0);
}

TEST(Schedule, CosineIsHalfAWave) {
  const ScheduleOptions options{.name = "cosine", .final_rate = 0.2};
  EXPECT_DOUBLE_EQ(rate_share(options, {0.0, {}}), 1.0);
  EXPECT_DOUBLE_EQ(rate_share(options, {0.5, {}}), 0.6);
  EXPECT_NEAR(rate_share(options, {1.0 / 3.0, {}}), 0.2 + 0.8 * 0.75, 1e-12);
  EXPECT_DOUBLE_EQ(rate_share(options, {1.0, {}}), 0.2);
}

TEST(Schedule, WarmupMultipliesAnyOther) {
  const ScheduleOptions options{.name = "linear", .final_rate = 0.5, .warmup = 0.1};
  EXPECT_DOUBLE_EQ(rate_share(options, {0.0, {}}), 0.0);
  EXPECT_DOUBLE_EQ(rate_share(options, {0.05, {}}), 0.5 * 0.975);
  EXPECT_DOUBLE_EQ(rate_share(options, {0.1, {}}), 0.95);
  EXPECT_DOUBLE_EQ(rate_share(options, {0.5, {}}), 0.75);
}

TEST(Schedule, PlateauHalvesWhereNothingGotBetter) {
  const ScheduleOptions options{.name = "plateau", .plateau_epochs = 2};
  const auto after = [&](const std::vector<bool>& improved) {
    return rate_share(options, {0.5, improved});
  };
  EXPECT_EQ(after({}), 1.0);
  EXPECT_EQ(after({true, true, true}), 1.0);
  EXPECT_EQ(after({true, false}), 1.0);
  EXPECT_EQ(after({true, false, false}), 0.5);
  EXPECT_EQ(after({true, false, false, false}), 0.5);
  EXPECT_EQ(after({true, false, false, false, false}), 0.25);
  EXPECT_EQ(after({true, false, false, true, false}), 0.5);
}

TEST(Schedule, UnknownOnesGetASuggestion) {
  EXPECT_THAT(error_of<InputError>([] { rate_share({.name = "cosin"}, {}); }),
              AllOf(HasSubstr("did you mean 'cosine'"), HasSubstr("plateau")));
}

}  // namespace
}  // namespace carousel
