// Parity: whether a string of bits holds an odd number of ones (Bengio, Simard and Frasconi 1994).
// Each bit, 1 or -1, is drawn with probability 1/2; sequences have `length` to length + length / 10
// bits, and the parity of the bits so far is asked for at every step. Where it is asked for at the
// end alone, guessing weights finds it (Hochreiter and Schmidhuber, NIPS 9, 1996, section 1).
#include <fmt/format.h>

#include "task/entries.hpp"
#include "task/generated.hpp"

namespace carousel {
namespace {

SequenceExample example_of(Random &random, Index length) {
  const Index steps = stretched(random, length);
  SequenceExample example;
  bool odd = false;
  for (Index t = 0; t < steps; ++t) {
    const bool one = random.below(2) == 1;
    odd = odd != one;
    example.x.push_back(one ? 1.0f : -1.0f);
    example.targets.push_back(odd ? 1.0f : 0.0f);
  }
  return example;
}

GeneratedForm form(const TaskOptions &options) {
  const Index length = options.integer("length");
  GeneratedForm form;
  form.task = "parity";
  form.name = fmt::format("parity_{}", length);
  form.description =
      fmt::format("the parity of the bits so far, of {} to {} bits", length, length + length / 10);
  form.width = 1;
  form.classes = 2;
  form.scored = SequenceForm::Scored::every;
  form.steps = [length](Random &random) { return stretched(random, length); };
  form.example = [length](Random &random) { return example_of(random, length); };
  return form;
}

}  // namespace

Task parity_task() {
  return generated_task<form>(
      "parity", "Whether a string of bits holds an odd number of ones, at each bit",
      "Bengio et al. 1994",
      {integer_option("length", 20, 1, 100000, "bits of a sequence, up to a tenth more")});
}

}  // namespace carousel
