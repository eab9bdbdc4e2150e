// Copying memory, as Arjovsky et al. 2016 define it (arXiv:1511.06464, section 5.1).

#include <gtest/gtest.h>

#include <cmath>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

TEST(CopyMemory, ExamplesAreThoseOfThePaper) {
  constexpr std::size_t lag = 30;
  const auto problem = generated_problem("copy_memory", {{"lag", "30"}});
  EXPECT_EQ(problem->name(), "copy_memory_30");
  std::map<Index, int> times;
  for (ExampleId id = 0; id < 1000; ++id) {
    const SequenceExample example = problem->example(Split::train, id);
    const std::vector<Index> input = symbols_of(example, 10);
    ASSERT_EQ(input.size(), lag + 20);
    ASSERT_EQ(example.targets.size(), lag + 20);
    for (std::size_t t = 0; t < lag + 20; ++t) {
      if (t < 10) {
        EXPECT_LT(input[t], 8);
        ++times[input[t]];
        EXPECT_EQ(example.targets[lag + 10 + t], float(input[t]));
      } else {
        EXPECT_EQ(input[t], t == lag + 9 ? 9 : 8) << t;  // the delimiter, or a blank
      }
      if (t < lag + 10) {
        EXPECT_EQ(example.targets[t], 8.0f);
      }
    }
  }
  for (const auto& [symbol, count] : times) EXPECT_NEAR(count, 1250, 150) << symbol;
  EXPECT_EQ(times.size(), 8U);
}

TEST(CopyMemory, ASequenceIsRightWhenEveryStepIs) {
  const auto problem = generated_problem("copy_memory", {{"lag", "5"}, {"valid", "4"}});
  int k = 0;  // the last example has its last two symbols wrong
  const Figures figures = figures_of(*problem, Split::valid, [&](const SequenceExample& example) {
    std::vector<double> logits(25 * 9, 0.0);
    const bool last = ++k == 4;
    for (std::size_t t = 0; t < 25; ++t) {
      const auto target = static_cast<std::size_t>(example.targets[t]);
      logits[t * 9 + (last && t >= 23 ? (target + 1) % 8 : target)] = 2.0;
    }
    return logits;
  });
  EXPECT_NEAR(figure_of(figures, "success", Split::valid), 0.75, 1e-12);
  EXPECT_NEAR(figure_of(figures, "error", Split::valid), 2.0 / 100.0, 1e-12);
  EXPECT_NEAR(figure_of(figures, "nll", Split::valid),
              std::log(std::exp(2.0) + 8.0) - 2.0 * 98.0 / 100.0, 1e-12);
}

TEST(CopyMemory, TheBaselineIsThatWithoutMemory) {
  for (const auto& [text, lag] : {std::pair{"20", 20.0}, std::pair{"100", 100.0}}) {
    const auto problem = generated_problem("copy_memory", {{"lag", text}, {"examples", "4000"}});
    const Figures figures = problem->baselines().at(0).figures;
    const double without_memory = 10.0 * std::log(8.0) / (lag + 20.0);
    for (const Split split : all_splits) {
      EXPECT_NEAR(figure_of(figures, "nll", split), without_memory, 0.003 * without_memory);
      EXPECT_NEAR(figure_of(figures, "error", split), 10.0 * 7.0 / 8.0 / (lag + 20.0),
                  0.15 / (lag + 20.0));
      EXPECT_EQ(figure_of(figures, "success", split), 0.0);
    }
  }
}

}  // namespace
}  // namespace carousel
