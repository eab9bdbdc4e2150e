// Multiplication: the product of two marked values of a long sequence (Hochreiter and Schmidhuber
// 1997, section 5.5, experiment 5). As adding, but for values in [0, 1] and the target X1 X2.
#include "task/entries.hpp"
#include "task/marked_pairs.hpp"

namespace carousel {
namespace {

GeneratedForm form(const TaskOptions& options) {
  return marked_pairs_form("multiplication", options,
                           "the product of two marked values in sequences",
                           {0.0, 1.0, [](double a, double b) { return a * b; }});
}

}  // namespace

Task multiplication_task() {
  return generated_task<form>(
      "multiplication", "The product of two marked values of a long sequence",
      "Hochreiter and Schmidhuber 1997, section 5.5", marked_pair_options());
}

}  // namespace carousel
