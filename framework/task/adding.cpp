// Adding: the sum of two marked values of a long sequence (Hochreiter and Schmidhuber 1997, section
// 5.4, experiment 4). Values are in [-1, 1]; the target is 0.5 + (X1 + X2) / 4. The paper's output
// is a sigmoid unit; here it is linear.
#include "task/entries.hpp"
#include "task/marked_pairs.hpp"

namespace carousel {
namespace {

GeneratedForm form(const TaskOptions& options) {
  return marked_pairs_form("adding", options, "the sum of two marked values in sequences",
                           {-1.0, 0.0, [](double a, double b) { return 0.5 + (a + b) / 4.0; }});
}

}  // namespace

Task adding_task() {
  return generated_task<form>("adding", "The sum of two marked values of a long sequence",
                              "Hochreiter and Schmidhuber 1997, section 5.4",
                              marked_pair_options());
}

}  // namespace carousel
