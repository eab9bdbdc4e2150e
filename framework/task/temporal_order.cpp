// Temporal order: which of X and Y stood at two or three places of a long sequence, in their order
// (Hochreiter and Schmidhuber 1997, section 5.6, experiments 6a and 6b). A sequence of symbols
// begins with E, ends with B, and holds a, b, c and d, but for one X or Y at each of the places.
// With the paper's length of 100 it has 100 to 110 steps, and the places are drawn from 10-20 and
// 50-60, or from 10-20, 33-43 and 66-76. The step of B is scored. The paper's outputs are sigmoid
// units, all of which must be within 0.3 of their targets; here they are a softmax, whose largest
// must be right.
#include <fmt/format.h>

#include "task/entries.hpp"
#include "task/generated.hpp"

namespace carousel {
namespace {

enum Symbol { E, B, a, b, c, d, X, Y, symbol_count };

// The first of the places [t, t + length / 10] of each X or Y, counted from 0.
std::vector<Index> places(Index length, Index symbols) {
  if (symbols == 2) return {length / 10, length / 2};
  return {length / 10, length * 33 / 100, length * 66 / 100};
}

SequenceExample example_of(Random& random, Index length, Index symbols) {
  const Index steps = stretched(random, length);
  std::vector<Index> sequence{E};
  while (std::ssize(sequence) < steps - 1) sequence.push_back(a + drawn(random, 4));
  sequence.push_back(B);
  Index label = 0;
  for (const Index first : places(length, symbols)) {
    const Index is_y = drawn(random, 2);
    sequence[static_cast<std::size_t>(first + drawn(random, length / 10 + 1))] = X + is_y;
    label = 2 * label + is_y;
  }
  return {one_hot(sequence, symbol_count), {static_cast<float>(label)}};
}

GeneratedForm form(const TaskOptions& options) {
  const Index length = options.integer("length"), symbols = options.integer("symbols");
  GeneratedForm form;
  form.task = fmt::format("temporal_order {}", symbols);
  form.name = fmt::format("temporal_order_{}{}", symbols == 2 ? "" : "3_", length);
  form.description =
      fmt::format("the order of {} symbols, each X or Y, in sequences of {} to {} steps", symbols,
                  length, length + length / 10);
  form.width = symbol_count;
  form.classes = Index{1} << symbols;
  form.steps = [=](Random& random) { return stretched(random, length); };
  form.example = [=](Random& random) { return example_of(random, length, symbols); };
  return form;
}

}  // namespace

Task temporal_order_task() {
  return generated_task<form>(
      "temporal_order", "The order of two or three symbols in a long sequence",
      "Hochreiter and Schmidhuber 1997, section 5.6",
      {integer_option("length", 100, 10, 100000,
                      "sequences have this many steps, up to a tenth more"),
       integer_option("symbols", 2, 2, 3, "how many of X and Y: 2 (experiment 6a) or 3 (6b)")});
}

}  // namespace carousel
