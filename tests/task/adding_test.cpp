// Adding and multiplication, as Hochreiter and Schmidhuber 1997 define them (sections 5.4 and 5.5).

#include <gtest/gtest.h>

#include <cmath>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

struct Marked {
  std::vector<Index> steps;   // with the marker 1
  std::vector<double> value;  // there
};

// Checks the form of an example.
Marked marked(const SequenceExample& example, Index lag, double lowest) {
  const Index steps = std::ssize(example.x) / 2;
  EXPECT_GE(steps, lag);
  EXPECT_LE(steps, lag + lag / 10);
  Marked found;
  for (Index t = 0; t < steps; ++t) {
    const double value = example.x[std::size_t(2 * t)], marker = example.x[std::size_t(2 * t + 1)];
    EXPECT_GE(value, lowest);
    EXPECT_LE(value, 1.0);
    if (t == 0 || t == steps - 1) {
      EXPECT_EQ(marker, -1.0);
    } else if (marker == 1.0) {
      found.steps.push_back(t);
      found.value.push_back(value);
    } else {
      EXPECT_EQ(marker, 0.0);
    }
  }
  return found;
}

// Targets are computed anew; where one mark is missing the first step was chosen, whose value is 0.
TEST(Adding, ExamplesAreThoseOfThePaper) {
  constexpr Index lag = 50;
  const auto problem = generated_problem("adding", {{"lag", "50"}});
  EXPECT_EQ(problem->name(), "adding_50");
  std::map<Index, int> first, second, lengths;
  int at_first_step = 0;
  constexpr int count = 20000;
  for (ExampleId id = 0; id < count; ++id) {
    const SequenceExample example = problem->example(Split::train, id);
    const Marked m = marked(example, lag, -1.0);
    ++lengths[std::ssize(example.x) / 2];
    ASSERT_TRUE(m.steps.size() == 2 || m.steps.size() == 1);
    double sum = 0.0;
    for (const double value : m.value) sum += value;
    ASSERT_EQ(example.targets.size(), 1U);
    EXPECT_NEAR(example.targets[0], 0.5 + sum / 4.0, 1e-6);
    if (m.steps.size() == 1) {
      ++at_first_step;
    } else {
      EXPECT_LT(m.steps[0], 10);
      ++first[m.steps[0]];
    }
    ++second[m.steps.back()];
    EXPECT_LE(m.steps.back(), lag / 2 - 1);
  }
  EXPECT_EQ(lengths.size(), 6U);  // 50 to 55, all alike
  for (const auto& [steps, times] : lengths) EXPECT_NEAR(times, count / 6.0, 300) << steps;
  // The first choice is the first step in 1 of 10, the second in 1 of 24 of the rest.
  EXPECT_NEAR(at_first_step, count * (0.1 + 0.9 / 24.0), 300);
  EXPECT_EQ(first.begin()->first, 1);
  EXPECT_EQ(first.rbegin()->first, 9);
  EXPECT_EQ(second.rbegin()->first, 24);
  for (Index t = 11; t < 25; ++t) EXPECT_NEAR(second[t], count / 24.0, 130) << t;
}

TEST(Multiplication, ExamplesAreThoseOfThePaper) {
  const auto problem = generated_problem("multiplication", {{"lag", "30"}});
  EXPECT_EQ(problem->name(), "multiplication_30");
  for (ExampleId id = 0; id < 2000; ++id) {
    const SequenceExample example = problem->example(Split::test, id);
    const Marked m = marked(example, 30, 0.0);
    double product = 1.0;  // the value of a chosen first step
    for (const double value : m.value) product *= value;
    EXPECT_NEAR(example.targets[0], product, 1e-6);
  }
}

TEST(Adding, ValuesFillTheirRange) {
  const auto problem = generated_problem("adding");
  double sum = 0.0, squares = 0.0, count = 0.0;
  for (ExampleId id = 0; id < 300; ++id) {
    const SequenceExample example = problem->example(Split::train, id);
    for (std::size_t i = 0; i < example.x.size(); i += 2, ++count) {
      sum += double(example.x[i]);
      squares += double(example.x[i]) * double(example.x[i]);
    }
  }
  EXPECT_NEAR(sum / count, 0.0, 0.015);
  EXPECT_NEAR(squares / count, 1.0 / 3.0, 0.01);
}

TEST(Adding, IsRightWithinFourHundredths) {
  const auto problem = generated_problem("adding", {{"valid", "10"}});
  ASSERT_EQ(problem->metrics()[1].name, "success");
  EXPECT_TRUE(problem->metrics()[1].reaches_goal(0.99));
  EXPECT_FALSE(problem->metrics()[1].reaches_goal(0.98));
  int k = 0;  // six examples are off by 0.0399, four by 0.0401
  const Figures figures = figures_of(*problem, Split::valid, [&](const SequenceExample& example) {
    const double off = k++ < 6 ? 0.0399 : -0.0401;
    return std::vector<double>{double(example.targets[0]) + off};
  });
  EXPECT_NEAR(figure_of(figures, "success", Split::valid), 0.6, 1e-12);
  EXPECT_NEAR(figure_of(figures, "error", Split::valid),
              0.6 * 0.0399 * 0.0399 + 0.4 * 0.0401 * 0.0401, 1e-12);
}

// The variance of a uniform value in [-1, 1] is 1/3; chosen first steps count zero.
TEST(Adding, TheBaselineIsTheVarianceOfTheTarget) {
  const auto problem =
      generated_problem("adding", {{"examples", "20000"}, {"valid", "20000"}, {"test", "20000"}});
  const std::vector<Baseline> baselines = problem->baselines();
  ASSERT_EQ(baselines.size(), 1U);
  EXPECT_EQ(baselines[0].name, "mean target");
  const double first = 0.9, second = 1.0 - 0.9 / 49.0;
  const double variance = (first + second) / 3.0 / 16.0;
  // |X1 + X2| < 0.16 of two values, or of one.
  const double both = 0.16 - 0.16 * 0.16 / 4.0, share = first + second - 1.0;
  for (const Split split : all_splits) {
    EXPECT_NEAR(figure_of(baselines[0].figures, "error", split), variance, 0.0008);
    EXPECT_NEAR(figure_of(baselines[0].figures, "success", split),
                share * both + (1.0 - share) * 0.16, 0.008);
  }
}

TEST(Multiplication, TheBaselineIsTheVarianceOfTheTarget) {
  const auto problem = generated_problem(
      "multiplication", {{"examples", "20000"}, {"valid", "20000"}, {"test", "20000"}});
  const double one = 0.1 + 0.9 / 49.0;  // the first step is one of the two
  const double mean = one / 2.0 + (1.0 - one) / 4.0;
  const double square = one / 3.0 + (1.0 - one) / 9.0;
  for (const Split split : all_splits) {
    EXPECT_NEAR(figure_of(problem->baselines()[0].figures, "error", split), square - mean * mean,
                0.002);
  }
}

}  // namespace
}  // namespace carousel
