// The embedded Reber grammar (Hochreiter and Schmidhuber 1997, section 5.1).

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

constexpr std::string_view alphabet = "BTPSXVE";

// The whole string: what was read, and the last symbol, which was asked for.
std::string text_of(const SequenceExample& example) {
  std::string text;
  for (const Index symbol : symbols_of(example, 7)) text += alphabet[std::size_t(symbol)];
  for (std::size_t t = 0; t + 1 < text.size(); ++t) {
    EXPECT_EQ(text[t + 1], alphabet[static_cast<std::size_t>(example.targets[t])]);
  }
  return text + alphabet[static_cast<std::size_t>(example.targets.back())];
}

// The symbols that may follow a beginning, by an automaton of its own: "" where it is none.
std::string following(const std::string& begin) {
  static const std::map<std::pair<std::string, char>, std::string> arrows = {
      {{"start", 'T'}, "left"},   {{"start", 'P'}, "right"},   {{"left", 'S'}, "left"},
      {{"left", 'X'}, "middle"},  {{"right", 'T'}, "right"},   {{"right", 'V'}, "low"},
      {{"middle", 'X'}, "right"}, {{"middle", 'S'}, "finish"}, {{"low", 'P'}, "middle"},
      {{"low", 'V'}, "finish"},   {{"finish", 'E'}, "end"}};
  if (begin.size() < 4) {
    if (begin.size() == 3) return begin[2] == 'B' ? "PT" : "";
    return std::vector<std::string>{"B", "PT", "B"}[begin.size()];
  }
  std::string at = "start";
  std::size_t t = 3;
  for (; t < begin.size() && at != "end"; ++t) {
    const auto arrow = arrows.find({at, begin[t]});
    if (arrow == arrows.end()) return "";
    at = arrow->second;
  }
  if (at != "end") {
    std::string symbols;
    for (const auto& [from, to] : arrows) {
      if (from.first == at) symbols += from.second;
    }
    return symbols;
  }
  if (t == begin.size()) return begin.substr(1, 1);
  return t + 1 == begin.size() ? "E" : "";
}

TEST(Reber, StringsAreOfTheGrammar) {
  // The grammar as an expression, for a second opinion.
  const std::regex inner("B(TS*X|PT*VP)(XT*VP)*(S|XT*VV)E|BPT*VVE");
  const auto problem = generated_problem("reber");
  double steps = 0.0;
  std::size_t shortest = 100;
  std::map<std::string, std::map<char, int>> choices;
  constexpr int count = 5000;
  for (ExampleId id = 0; id < count; ++id) {
    const SequenceExample example = problem->example(Split::train, id);
    const std::string text = text_of(example);
    steps += double(text.size() - 1);
    shortest = std::min(shortest, text.size());
    EXPECT_TRUE(std::regex_match(text.substr(2, text.size() - 4), inner)) << text;
    EXPECT_EQ(text.substr(0, 1) + text[text.size() - 1], "BE") << text;
    EXPECT_EQ(text[1], text[text.size() - 2]) << text;
    for (std::size_t t = 1; t < text.size(); ++t) {
      const std::string next = following(text.substr(0, t));
      std::uint32_t possible = 0;
      for (const char symbol : next) possible |= 1u << alphabet.find(symbol);
      EXPECT_EQ(example.possible[t - 1], possible) << text << " at " << t;
      ++choices[next][text[t]];
    }
  }
  EXPECT_EQ(shortest, 9U);
  EXPECT_NEAR(steps / count, 11.0, 0.15);  // by the equations of the grammar's mean lengths
  for (const auto& [next, times] : choices) {
    if (next.size() < 2) continue;
    const double one = times.at(next[0]), other = times.at(next[1]);
    EXPECT_NEAR(one / (one + other), 0.5, 0.03) << next;
  }
}

TEST(Reber, TheAutomatonOfThisTestRefuses) {
  EXPECT_EQ(following("BTBTXSET"), "E");
  EXPECT_EQ(following("BTBTXSE"), "T");
  EXPECT_EQ(following("BTBTXS"), "E");
  EXPECT_EQ(following("BTBTV"), "");
}

TEST(Reber, AllPossibleSymbolsMustBeTheMostActive) {
  const auto problem = generated_problem("reber", {{"valid", "30"}});
  const auto logits = [](const SequenceExample& example) {
    std::vector<double> all;
    for (const std::uint32_t possible : example.possible) {
      for (int k = 0; k < 7; ++k) all.push_back(possible >> k & 1 ? 1.0 + 0.1 * k : 0.9);
    }
    return all;
  };
  const Figures right = figures_of(*problem, Split::valid, logits);
  EXPECT_EQ(figure_of(right, "error", Split::valid), 0.0);
  EXPECT_NEAR(figure_of(right, "success", Split::valid), 1.0, 1e-12);
  // The last but one is T or P: a network that gives them alike has not remembered. A third of the
  // examples is right.
  int k = 0;
  double steps = 0.0;
  const Figures figures = figures_of(*problem, Split::valid, [&](const SequenceExample& example) {
    std::vector<double> all = logits(example);
    steps += double(example.targets.size());
    if (k++ % 3 > 0) {
      const std::size_t row = (example.targets.size() - 2) * 7;
      all[row + alphabet.find('T')] = all[row + alphabet.find('P')] = 5.0;
    }
    return all;
  });
  EXPECT_NEAR(figure_of(figures, "success", Split::valid), 1.0 / 3.0, 1e-12);
  EXPECT_NEAR(figure_of(figures, "error", Split::valid), 20.0 / steps, 1e-12);
}

// The second symbol is T or P, the third B: both are known by their step. Later ones are not.
TEST(Reber, TheBaselineCountsSymbolsByStep) {
  const auto problem = generated_problem("reber", {{"examples", "4000"}, {"test", "4000"}});
  std::vector<std::map<int, double>> counts(200);
  double nats = 0.0, steps = 0.0;
  for (ExampleId id = 0; id < 4000; ++id) {
    const auto targets = problem->example(Split::train, id).targets;
    for (std::size_t t = 0; t < targets.size(); ++t) ++counts[t][int(targets[t])];
  }
  for (const auto& by_symbol : counts) {
    double all = 0.0;
    for (const auto& [symbol, count] : by_symbol) all += count;
    for (const auto& [symbol, count] : by_symbol) nats -= count * std::log(count / all);
    steps += all;
  }
  const Figures figures = problem->baselines().at(0).figures;
  EXPECT_NEAR(figure_of(figures, "nll", Split::train), nats / steps, 0.003);
  EXPECT_NEAR(figure_of(figures, "nll", Split::test), nats / steps, 0.02);
  EXPECT_EQ(figure_of(figures, "success", Split::test), 0.0);
}

}  // namespace
}  // namespace carousel
