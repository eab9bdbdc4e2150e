// Copying memory: ten symbols, given back in their order after a pause (Arjovsky, Shah and Bengio
// 2016, arXiv:1511.06464, section 5.1; after Hochreiter and Schmidhuber 1997, experiment 2). The
// input is ten of eight symbols, lag - 1 blanks, a delimiter, and ten blanks; the target is lag +
// 10 blanks and then the ten symbols. Every step is scored. Without memory the best NLL is 10 log 8
// / (lag + 20) a step.
#include <fmt/format.h>

#include "task/entries.hpp"
#include "task/generated.hpp"

namespace carousel {
namespace {

constexpr Index copied = 10;
constexpr Index symbols = 8;  // by the numbers 0 to 7
constexpr Index blank = symbols, delimiter = symbols + 1;

SequenceExample example_of(Random& random, Index lag) {
  std::vector<Index> input(static_cast<std::size_t>(lag + 2 * copied), blank);
  SequenceExample example;
  example.targets.assign(input.size(), static_cast<float>(blank));
  for (std::size_t k = 0; k < copied; ++k) {
    input[k] = static_cast<Index>(random.below(symbols));
    example.targets[input.size() - copied + k] = static_cast<float>(input[k]);
  }
  input[input.size() - copied - 1] = delimiter;
  example.x = one_hot(input, symbols + 2);
  return example;
}

GeneratedForm form(const TaskOptions& options) {
  const Index lag = options.integer("lag");
  GeneratedForm form;
  form.task = "copy_memory";
  form.name = fmt::format("copy_memory_{}", lag);
  form.description = fmt::format("{} symbols, given back after {} steps", copied, lag);
  form.width = symbols + 2;
  form.classes = symbols + 1;  // the delimiter is never asked for
  form.scored = SequenceForm::Scored::every;
  form.steps = [lag](Random&) { return lag + 2 * copied; };
  form.example = [lag](Random& random) { return example_of(random, lag); };
  return form;
}

}  // namespace

Task copy_memory_task() {
  return generated_task<form>(
      "copy_memory", "Ten symbols, given back in their order after a pause",
      "Arjovsky et al. 2016, arXiv:1511.06464, section 5.1",
      {integer_option("lag", 100, 1, 100000, "T: sequences have T + 20 steps")});
}

}  // namespace carousel
