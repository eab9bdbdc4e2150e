// Figures made of counts, and which of two is the better one.

#include "metric/metric.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::IsNan;

using Columns = std::vector<std::vector<double>>;

double mean_of(double (*mean)(std::span<const std::span<const double>>), const Columns& columns) {
  const std::vector<std::span<const double>> spans(columns.begin(), columns.end());
  return mean(spans);
}

// Nats 6, 3, 1 of 4, 1, 2 steps.
const Columns kThree = {{6.0, 3.0, 1.0}, {4.0, 1.0, 2.0}};

TEST(Means, AreThoseComputedByHand) {
  EXPECT_DOUBLE_EQ(mean_of(mean_over_terms, kThree), 10.0 / 7.0);
  EXPECT_DOUBLE_EQ(mean_of(mean_over_examples, kThree), (1.5 + 3.0 + 0.5) / 3.0);
  EXPECT_DOUBLE_EQ(mean_of(mean_over_terms, {{-6.0}, {4.0}}), -1.5);
  EXPECT_DOUBLE_EQ(mean_of(mean_over_examples, {{-6.0}, {4.0}}), -1.5);
}

TEST(Means, ExamplesWithoutTermsDoNotCount) {
  const Columns columns = {{6.0, 0.0, 3.0, 0.0}, {4.0, 0.0, 1.0, 0.0}};
  EXPECT_DOUBLE_EQ(mean_of(mean_over_terms, columns), 9.0 / 5.0);
  EXPECT_DOUBLE_EQ(mean_of(mean_over_terms, {{0.5}, {0.0625}}), 8.0) << "few terms are some";
  EXPECT_DOUBLE_EQ(mean_of(mean_over_examples, {{0.5}, {0.0625}}), 8.0);
  EXPECT_DOUBLE_EQ(mean_of(mean_over_examples, columns), (1.5 + 3.0) / 2.0);
}

TEST(Means, AreNotKnownWithoutTerms) {
  for (const auto mean : {mean_over_terms, mean_over_examples}) {
    EXPECT_THAT(mean_of(mean, {{}, {}}), IsNan());
    EXPECT_THAT(mean_of(mean, {{0.0, 0.0}, {0.0, 0.0}}), IsNan());
    EXPECT_THAT(mean_of(mean, {{1.0, 2.0}, {0.0, 0.0}}), IsNan());
  }
}

TEST(Means, OfWhatIsNoNumberAreNoNumber) {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const auto mean : {mean_over_terms, mean_over_examples}) {
    EXPECT_THAT(mean_of(mean, {{1.0, not_known}, {1.0, 1.0}}), IsNan());
    EXPECT_EQ(mean_of(mean, {{1.0, infinite}, {1.0, 1.0}}), infinite);
  }
}

// The sum of the terms' values is out of range, their mean is not.
TEST(Means, DoNotOverflow) {
  const double big = 1.5e308;
  EXPECT_DOUBLE_EQ(mean_of(mean_over_terms, {{big, big}, {2.0, 2.0}}), big / 2.0);
  EXPECT_DOUBLE_EQ(mean_of(mean_over_examples, {{big, big}, {1.0, 1.0}}), big);
}

MetricInfo info(Better better, double goal = not_known) {
  MetricInfo metric;
  metric.better = better;
  metric.goal = goal;
  return metric;
}

TEST(Prefers, TheBetterOfTwoNumbers) {
  EXPECT_TRUE(info(Better::lower).prefers(1.0, 2.0));
  EXPECT_FALSE(info(Better::lower).prefers(2.0, 1.0));
  EXPECT_TRUE(info(Better::higher).prefers(2.0, 1.0));
  EXPECT_FALSE(info(Better::higher).prefers(1.0, 2.0));
}

TEST(Prefers, NeitherOfTwoEqualOnes) {
  for (const Better better : {Better::lower, Better::higher}) {
    EXPECT_FALSE(info(better).prefers(1.0, 1.0));
    EXPECT_FALSE(info(better).prefers(not_known, not_known));
  }
}

TEST(Prefers, AnyNumberToNone) {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const Better better : {Better::lower, Better::higher}) {
    for (const double number : {-infinite, -1.0, 0.0, 1.0, infinite}) {
      EXPECT_TRUE(info(better).prefers(number, not_known)) << number;
      EXPECT_FALSE(info(better).prefers(not_known, number)) << number;
    }
  }
}

TEST(Goal, IsReachedAtItsValueOrBeyond) {
  EXPECT_TRUE(info(Better::lower, 0.25).reaches_goal(0.125));
  EXPECT_TRUE(info(Better::lower, 0.25).reaches_goal(0.25));
  EXPECT_FALSE(info(Better::lower, 0.25).reaches_goal(0.5));
  EXPECT_FALSE(info(Better::higher, 0.25).reaches_goal(0.125));
  EXPECT_TRUE(info(Better::higher, 0.25).reaches_goal(0.25));
  EXPECT_TRUE(info(Better::higher, 0.25).reaches_goal(0.5));
}

TEST(Goal, IsNeverReachedWhereThereIsNone) {
  for (const Better better : {Better::lower, Better::higher}) {
    EXPECT_FALSE(info(better).reaches_goal(1.0));
    EXPECT_FALSE(info(better, 0.25).reaches_goal(not_known));
  }
}

// The tally has its columns in another order than the metric reads them.
TEST(Metric, ReadsItsCountsByName) {
  Tally tally({"steps", "right", "nats"}, 2);
  tally.at("nats", 0) = 6.0;
  tally.at("nats", 1) = 4.0;
  tally.at("steps", 0) = 3.0;
  tally.at("steps", 1) = 1.0;
  tally.at("right", 0) = 2.0;
  const Metric nll{{"nll", "NLL", "nats per step"}, {"nats", "steps"}, mean_over_terms};
  const Metric accuracy{{"accuracy", "accuracy", ""}, {"right", "steps"}, mean_over_examples};
  EXPECT_DOUBLE_EQ(figure_of(nll, tally), 2.5);
  EXPECT_DOUBLE_EQ(figure_of(accuracy, tally), 1.0 / 3.0);
  EXPECT_THAT(counts_of(std::vector<Metric>{nll, accuracy}), ElementsAre("nats", "steps", "right"));
  const Metric unknown{{"error", "error", ""}, {"wrong", "steps"}, mean_over_terms};
  EXPECT_THROW(figure_of(unknown, tally), BugError);
}

TEST(FigureOf, ANameWithoutFigureIsNotKnown) {
  Figures figures;
  figures["nll"][Split::test] = 8.0;
  EXPECT_EQ(figure_of(figures, "nll", Split::test), 8.0);
  EXPECT_THAT(figure_of(figures, "nll", Split::valid), IsNan());
  EXPECT_THAT(figure_of(figures, "accuracy", Split::test), IsNan());
  EXPECT_EQ(figures.size(), 1U) << "a question adds nothing";
}

TEST(SplitName, IsThatOfTheColumns) {
  std::vector<std::string> names;
  for (const Split split : all_splits) names.emplace_back(split_name(split));
  EXPECT_THAT(names, ElementsAre("train", "valid", "test"));
}

}  // namespace
}  // namespace carousel
