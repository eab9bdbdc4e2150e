#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "task/generated.hpp"

namespace carousel {

using OptionTexts = std::map<std::string, std::string>;

/// A problem of a task that makes its data.
inline std::unique_ptr<GeneratedProblem> generated_problem(const std::string& task,
                                                           const OptionTexts& texts = {}) {
  const Task& entry = find_task(task);
  TaskOptions options(entry.options);
  for (const auto& [name, text] : texts) options.set(name, text);
  std::unique_ptr<Problem> problem = entry.set_up(options, {});
  return std::unique_ptr<GeneratedProblem>(dynamic_cast<GeneratedProblem*>(problem.release()));
}

/// The symbol of each step, by its number. Fails the test where x is not one-hot.
inline std::vector<Index> symbols_of(const SequenceExample& example, Index width) {
  std::vector<Index> symbols;
  const auto count = static_cast<std::size_t>(width);
  for (std::size_t i = 0; i < example.x.size(); i += count) {
    const auto first = example.x.begin() + static_cast<std::ptrdiff_t>(i), last = first + width;
    EXPECT_EQ(std::count(first, last, 1.0f), 1);
    EXPECT_EQ(std::count(first, last, 0.0f), width - 1);
    symbols.push_back(std::find(first, last, 1.0f) - first);
  }
  return symbols;
}

/// The figures of a split in which every example has the given outputs.
template <class Outputs>
Figures figures_of(const GeneratedProblem& problem, Split split, Outputs&& outputs_of) {
  Tally tally = tally_of(problem, split);
  for (ExampleId id = 0; id < problem.size(split); ++id) {
    problem.count(split, id, outputs_of(problem.example(split, id)), tally);
  }
  Figures figures;
  set_figures(problem, split, tally, figures);
  return figures;
}

}  // namespace carousel
