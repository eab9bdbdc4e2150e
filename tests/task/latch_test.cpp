// The two-sequence problem, as Hochreiter and Schmidhuber 1997 pose it (section 5.3, experiment
// 3a).

#include <gtest/gtest.h>

#include <cmath>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

void expect_examples(const GeneratedProblem& problem, std::size_t informed) {
  double sum = 0.0, squares = 0.0, fourth = 0.0, noise = 0.0;
  int first_class = 0;
  std::map<std::size_t, int> lengths;
  for (ExampleId id = 0; id < 2000; ++id) {
    const SequenceExample example = problem.example(Split::train, id);
    ASSERT_EQ(example.targets.size(), 1U);
    EXPECT_TRUE(example.targets[0] == 1.0f || example.targets[0] == 0.0f);
    const bool first = example.targets[0] == 1.0f;
    first_class += first;
    ++lengths[example.x.size()];
    for (std::size_t t = 0; t < example.x.size(); ++t) {
      const auto x = double(example.x[t]);
      if (t < informed) {
        EXPECT_EQ(x, first ? 1.0 : -1.0);
        continue;
      }
      sum += x;
      squares += x * x;
      fourth += x * x * x * x;
      noise += 1.0;
    }
  }
  EXPECT_NEAR(first_class, 1000, 100);
  EXPECT_EQ(lengths.begin()->first, 60U);
  EXPECT_EQ(lengths.rbegin()->first, 66U);
  EXPECT_NEAR(sum / noise, 0.0, 0.005);
  EXPECT_NEAR(squares / noise, 0.2, 0.004);
  EXPECT_NEAR(fourth / noise, 3.0 * 0.2 * 0.2, 0.005);  // of a Gaussian
}

TEST(Latch, ExamplesAreThoseOfThePaper) {
  const auto three = generated_problem("latch", {{"lag", "60"}});
  EXPECT_EQ(three->name(), "latch_60");
  expect_examples(*three, 3);
  const auto one = generated_problem("latch", {{"lag", "60"}, {"informed", "1"}});
  EXPECT_EQ(one->name(), "latch_60_1");
  expect_examples(*one, 1);
}

TEST(Latch, IsRightWithinTwoTenths) {
  const auto problem = generated_problem("latch", {{"valid", "4"}});
  int k = 0;
  const Figures figures = figures_of(*problem, Split::valid, [&](const SequenceExample& example) {
    const double off = std::vector<double>{0.19, -0.19, 0.21, -0.21}[std::size_t(k++)];
    return std::vector<double>{double(example.targets[0]) + off};
  });
  EXPECT_NEAR(figure_of(figures, "success", Split::valid), 0.5, 1e-12);
  EXPECT_NEAR(figure_of(figures, "error", Split::valid), 0.5 * (0.19 * 0.19 + 0.21 * 0.21), 1e-12);
}

TEST(Latch, TheBaselineIsAQuarter) {
  const auto problem = generated_problem("latch", {{"lag", "20"}, {"examples", "5000"}});
  const Figures figures = problem->baselines().at(0).figures;
  for (const Split split : all_splits) {
    EXPECT_NEAR(figure_of(figures, "error", split), 0.25, 0.001);
    EXPECT_EQ(figure_of(figures, "success", split), 0.0);
  }
}

}  // namespace
}  // namespace carousel
