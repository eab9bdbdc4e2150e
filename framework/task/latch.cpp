// Latch: which of two classes a sequence began with, after a long noise (the two-sequence problem
// of Bengio, Simard and Frasconi 1994, as Hochreiter and Schmidhuber 1997 pose it in section 5.3,
// experiment 3a). The first `informed` values are 1 in one class and -1 in the other; all that
// follow are Gaussian with mean 0 and variance 0.2. Sequences have `lag` to lag + lag / 10 steps.
// The target at the end is 1 or 0, and right within 0.2. The paper's output is a sigmoid unit; here
// it is linear.
#include <fmt/format.h>

#include <cmath>

#include "task/entries.hpp"
#include "task/generated.hpp"

namespace carousel {
namespace {

SequenceExample example_of(Random& random, Index lag, Index informed) {
  const Index steps = stretched(random, lag);
  const bool first_class = random.below(2) == 0;
  SequenceExample example;
  example.x.assign(static_cast<std::size_t>(informed), first_class ? 1.0f : -1.0f);
  while (std::ssize(example.x) < steps) {
    example.x.push_back(static_cast<float>(std::sqrt(0.2) * random.normal()));
  }
  example.targets = {first_class ? 1.0f : 0.0f};
  return example;
}

GeneratedForm form(const TaskOptions& options) {
  const Index lag = options.integer("lag"), informed = options.integer("informed");
  if (informed >= lag) {
    fail_input("informed is {}, expected less than lag, which is {}", informed, lag);
  }
  GeneratedForm form;
  form.task = fmt::format("latch {}", informed);
  form.name = fmt::format("latch_{}{}", lag, informed == 3 ? "" : fmt::format("_{}", informed));
  form.description =
      fmt::format("the class of the first {} values of {} to {}", informed, lag, lag + lag / 10);
  form.width = 1;
  form.tolerance = 0.2;
  form.steps = [=](Random& random) { return stretched(random, lag); };
  form.example = [=](Random& random) { return example_of(random, lag, informed); };
  return form;
}

}  // namespace

Task latch_task() {
  return generated_task<form>(
      "latch", "Which of two classes a sequence began with, after a long noise",
      "Bengio et al. 1994; Hochreiter and Schmidhuber 1997, section 5.3",
      {integer_option("lag", 100, 2, 100000, "T: sequences have T to T + T/10 steps"),
       integer_option("informed", 3, 1, 1000, "N: the first values, which tell the class")});
}

}  // namespace carousel
