#include "task/marked_pairs.hpp"

#include <fmt/format.h>

#include <array>

namespace carousel {
namespace {

SequenceExample example_of(Random& random, Index lag, const MarkedPairs& pairs) {
  const Index steps = stretched(random, lag);
  SequenceExample example;
  example.x.resize(static_cast<std::size_t>(2 * steps));
  for (std::size_t i = 0; i < example.x.size(); i += 2) {
    example.x[i] = static_cast<float>(pairs.lowest + (1.0 - pairs.lowest) * random.uniform());
  }
  const Index first = drawn(random, 10), other = drawn(random, lag / 2 - 1);
  std::array<double, 2> marked{};
  for (std::size_t k = 0; k < marked.size(); ++k) {
    const Index step = k == 0 ? first : other + (other >= first ? 1 : 0);
    const auto at = static_cast<std::size_t>(2 * step);
    marked[k] = step == 0 ? pairs.of_first_step : static_cast<double>(example.x[at]);
    example.x[at + 1] = 1.0f;
  }
  example.x[1] = -1.0f;
  example.x.back() = -1.0f;
  example.targets = {static_cast<float>(pairs.target(marked[0], marked[1]))};
  return example;
}

}  // namespace

std::vector<TaskOption> marked_pair_options() {
  return {integer_option("lag", 100, 12, 100000, "T: sequences have T to T + T/10 steps")};
}

GeneratedForm marked_pairs_form(const std::string& task, const TaskOptions& options,
                                const std::string& description, const MarkedPairs& pairs) {
  const Index lag = options.integer("lag");
  GeneratedForm form;
  form.task = task;
  form.name = fmt::format("{}_{}", task, lag);
  form.description =
      fmt::format("{} of {} to {} steps; right when the absolute error is below 0.04", description,
                  lag, lag + lag / 10);
  form.width = 2;
  form.tolerance = 0.04;
  form.steps = [lag](Random& random) { return stretched(random, lag); };
  form.example = [lag, pairs](Random& random) { return example_of(random, lag, pairs); };
  return form;
}

}  // namespace carousel
