#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

TEST(Parity, TargetsAreTheOddnessOfTheBitsSoFar) {
  const auto problem = generated_problem("parity", {{"length", "20"}});
  std::set<std::size_t> lengths;
  double ones = 0.0, bits = 0.0;
  for (ExampleId id = 0; id < 400; ++id) {
    const SequenceExample example = problem->example(Split::valid, id);
    ASSERT_EQ(example.targets.size(), example.x.size());
    EXPECT_EQ(problem->length(Split::valid, id), std::ssize(example.x));
    EXPECT_EQ(problem->terms(Split::valid, id), std::ssize(example.x));
    lengths.insert(example.x.size());
    float product = 1.0f;  // of 1 for each zero and -1 for each one
    for (std::size_t t = 0; t < example.x.size(); ++t) {
      ASSERT_EQ(std::abs(example.x[t]), 1.0f);
      product *= -example.x[t];
      EXPECT_EQ(example.targets[t], product > 0.0f ? 0.0f : 1.0f) << id << " " << t;
      ones += example.x[t] > 0.0f ? 1.0 : 0.0;
      bits += 1.0;
    }
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{20, 21, 22}));
  EXPECT_NEAR(ones / bits, 0.5, 4.0 * 0.5 / std::sqrt(bits));  // four standard errors
}

TEST(Parity, WithoutMemoryItIsACoin) {
  const auto problem = generated_problem("parity", {{"examples", "4000"}});
  const Figures figures = problem->baselines().at(0).figures;
  EXPECT_NEAR(figure_of(figures, "nll", Split::test), std::log(2.0), 2e-3);
  EXPECT_NEAR(figure_of(figures, "error", Split::test), 0.5, 0.02);
  EXPECT_LT(figure_of(figures, "success", Split::test), 0.01);
}

}  // namespace
}  // namespace carousel
