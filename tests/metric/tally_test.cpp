// Counts of examples, whoever writes them and in whatever order.

#include "metric/tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tally, BeginsWithZeros) {
  const Tally tally({"nats", "steps"}, 3);
  EXPECT_EQ(tally.examples(), 3);
  EXPECT_THAT(tally.counts(), ElementsAre("nats", "steps"));
  EXPECT_THAT(tally.column("nats"), ElementsAre(0.0, 0.0, 0.0));
  EXPECT_THAT(Tally({"nats"}, 0).column("nats"), IsEmpty());
}

TEST(Tally, KeepsEachCountOfEachExampleApart) {
  Tally tally({"nats", "steps"}, 3);
  tally.at("steps", 2) = 4.0;
  tally.at("nats", 0) = 1.5;
  tally.at("nats", 2) += 0.5;
  tally.at("steps", 0) = 2.0;
  EXPECT_THAT(tally.column("nats"), ElementsAre(1.5, 0.0, 0.5));
  EXPECT_THAT(tally.column("steps"), ElementsAre(2.0, 0.0, 4.0));
}

TEST(Tally, AddsTheCountsOfAnother) {
  Tally tally({"nats", "steps"}, 2);
  tally.at("nats", 0) = 1.5;
  tally.at("steps", 1) = 3.0;
  Tally other({"nats", "steps"}, 2);
  other.at("nats", 0) = 0.25;
  other.at("nats", 1) = 2.0;
  tally.add(other);
  EXPECT_THAT(tally.column("nats"), ElementsAre(1.75, 2.0));
  EXPECT_THAT(tally.column("steps"), ElementsAre(0.0, 3.0));
  EXPECT_THAT(other.column("nats"), ElementsAre(0.25, 2.0));
}

TEST(Tally, AddsNoneOfAnotherForm) {
  Tally tally({"nats", "steps"}, 2);
  EXPECT_THROW(tally.add(Tally({"nats", "steps"}, 3)), BugError);
  EXPECT_THROW(tally.add(Tally({"nats"}, 4)), BugError) << "as many values, but others";
  EXPECT_THROW(tally.add(Tally({"steps", "nats"}, 2)), BugError) << "the same names elsewhere";
}

TEST(Tally, HasNoOtherCountsAndExamples) {
  Tally tally({"nats", "steps"}, 2);
  EXPECT_THROW(tally.at("step", 0), BugError);
  EXPECT_THROW(tally.at("", 0), BugError);
  EXPECT_THROW(tally.column("right"), BugError);
  // Beyond the rows of the first column lie those of the second.
  EXPECT_THROW(tally.at("nats", 2), BugError);
  EXPECT_THROW(tally.at("steps", 2), BugError);
  EXPECT_THROW(tally.at("nats", -1), BugError);
  EXPECT_THROW(tally.at("steps", -1), BugError);
}

}  // namespace
}  // namespace carousel
