// The temporal order task, as Hochreiter and Schmidhuber 1997 define it (section 5.6).

#include <gtest/gtest.h>

#include <cmath>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

constexpr std::string_view alphabet = "EBabcdXY";

std::string text_of(const SequenceExample& example) {
  std::string text;
  for (const Index symbol : symbols_of(example, 8)) text += alphabet[std::size_t(symbol)];
  return text;
}

// The places of X and Y, and their order as a binary number: Y is 1.
struct Order {
  std::vector<std::size_t> places;
  int label = 0;
};
Order order_of(const std::string& text) {
  Order order;
  for (std::size_t t = 0; t < text.size(); ++t) {
    if (text[t] != 'X' && text[t] != 'Y') continue;
    order.places.push_back(t);
    order.label = 2 * order.label + (text[t] == 'Y');
  }
  return order;
}

void expect_examples(const GeneratedProblem& problem,
                     const std::vector<std::pair<std::size_t, std::size_t>>& ranges) {
  constexpr int count = 6000;
  std::map<std::size_t, int> lengths;
  std::map<int, int> labels;
  std::map<char, int> others;
  std::vector<std::map<std::size_t, int>> places(ranges.size());
  for (ExampleId id = 0; id < count; ++id) {
    const SequenceExample example = problem.example(Split::train, id);
    const std::string text = text_of(example);
    EXPECT_EQ(text.front(), 'E');
    EXPECT_EQ(text.back(), 'B');
    for (const char symbol : text.substr(1, text.size() - 2)) ++others[symbol];
    ++lengths[text.size()];
    const Order order = order_of(text);
    ASSERT_EQ(order.places.size(), ranges.size());
    for (std::size_t k = 0; k < ranges.size(); ++k) ++places[k][order.places[k]];
    ASSERT_EQ(example.targets.size(), 1U);
    EXPECT_EQ(example.targets[0], float(order.label));
    ++labels[order.label];
  }
  EXPECT_EQ(lengths.begin()->first, 100U);
  EXPECT_EQ(lengths.rbegin()->first, 110U);
  const std::size_t classes = std::size_t{1} << ranges.size();
  EXPECT_EQ(labels.size(), classes);
  for (const auto& [label, times] : labels)
    EXPECT_NEAR(times, double(count) / double(classes), 130);
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    EXPECT_EQ(places[k].begin()->first, ranges[k].first);
    EXPECT_EQ(places[k].rbegin()->first, ranges[k].second);
    for (const auto& [place, times] : places[k]) EXPECT_NEAR(times, count / 11.0, 120) << place;
  }
  EXPECT_EQ(others.count('E') + others.count('B'), 0U);
  for (const char symbol : {'b', 'c', 'd'}) {
    EXPECT_NEAR(double(others[symbol]) / others['a'], 1.0, 0.02);
  }
}

TEST(TemporalOrder, ExamplesAreThoseOfThePaper) {
  const auto two = generated_problem("temporal_order");
  EXPECT_EQ(two->name(), "temporal_order_100");
  expect_examples(*two, {{10, 20}, {50, 60}});
  const auto three = generated_problem("temporal_order", {{"symbols", "3"}});
  EXPECT_EQ(three->name(), "temporal_order_3_100");
  expect_examples(*three, {{10, 20}, {33, 43}, {66, 76}});
}

TEST(TemporalOrder, ScalesWithItsLength) {
  const auto problem = generated_problem("temporal_order", {{"length", "500"}});
  for (ExampleId id = 0; id < 300; ++id) {
    const std::string text = text_of(problem->example(Split::valid, id));
    EXPECT_GE(text.size(), 500U);
    EXPECT_LE(text.size(), 550U);
    const Order order = order_of(text);
    EXPECT_TRUE(order.places[0] >= 50 && order.places[0] <= 100);
    EXPECT_TRUE(order.places[1] >= 250 && order.places[1] <= 300);
  }
}

TEST(TemporalOrder, TheShortestHasRoomForAll) {
  for (const char* symbols : {"2", "3"}) {
    const auto problem =
        generated_problem("temporal_order", {{"length", "10"}, {"symbols", symbols}});
    for (ExampleId id = 0; id < 300; ++id) {
      const std::string text = text_of(problem->example(Split::train, id));
      EXPECT_EQ(order_of(text).places.size(), std::size_t(*symbols - '0'));
      EXPECT_TRUE(text.front() == 'E' && text.back() == 'B');
    }
  }
}

TEST(TemporalOrder, TheLargestOutputMustBeRight) {
  const auto problem = generated_problem("temporal_order", {{"valid", "8"}});
  int k = 0;  // five are right, three wrong
  const Figures figures = figures_of(*problem, Split::valid, [&](const SequenceExample& example) {
    std::vector<double> logits(4, 0.0);
    const std::size_t label = static_cast<std::size_t>(example.targets[0]);
    logits[k++ < 5 ? label : (label + 1) % 4] = 1.0;
    return logits;
  });
  EXPECT_NEAR(figure_of(figures, "success", Split::valid), 5.0 / 8.0, 1e-12);
  EXPECT_NEAR(figure_of(figures, "error", Split::valid), 3.0 / 8.0, 1e-12);
  EXPECT_NEAR(figure_of(figures, "nll", Split::valid), std::log(std::exp(1.0) + 3.0) - 5.0 / 8.0,
              1e-12);
}

TEST(TemporalOrder, TheBaselineKnowsTheFrequencyOfTheClasses) {
  for (const auto& [symbols, classes] : {std::pair{"2", 4.0}, std::pair{"3", 8.0}}) {
    const auto problem = generated_problem("temporal_order", {{"symbols", symbols},
                                                              {"length", "20"},
                                                              {"examples", "8000"},
                                                              {"valid", "8000"},
                                                              {"test", "8000"}});
    const std::vector<Baseline> baselines = problem->baselines();
    ASSERT_EQ(baselines.size(), 1U);
    EXPECT_EQ(baselines[0].name, "class frequencies by step");
    for (const Split split : all_splits) {
      EXPECT_NEAR(figure_of(baselines[0].figures, "nll", split), std::log(classes), 0.002);
      EXPECT_NEAR(figure_of(baselines[0].figures, "error", split), 1.0 - 1.0 / classes, 0.02);
    }
  }
}

}  // namespace
}  // namespace carousel
