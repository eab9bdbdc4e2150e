#include "task/recurrence.hpp"

#include <algorithm>

namespace carousel {

Recurrence::Recurrence(const Cell& cell, Index hidden, const ModelOptions& model, Index segments,
                       Rounding rounding)
    : cell_(&cell), model_(model) {
  options_.hidden = hidden;
  options_.depth = model.depth;
  options_.model = model;
  options_.segments = segments;
  options_.rounding = rounding;
}

RecurrentStack Recurrence::stack(const std::string& name, Index input, Sight sight) {
  StackOptions options = options_;
  options.name = name;
  options.input = input;
  options.bidirectional = model_.direction == "both" && sight == Sight::whole;
  return stacks_.emplace_back(*cell_, options);
}

RecurrentStack Recurrence::attentive(const std::string& name, Index input,
                                     const AttentionForm& attention) {
  StackOptions options = options_;
  options.name = name;
  options.input = input;
  options.attention = attention;
  return stacks_.emplace_back(*cell_, options);
}

void Recurrence::expect_options_taken() const {
  if (model_.direction != "both") return;
  if (std::ranges::any_of(stacks_, &RecurrentStack::is_bidirectional)) return;
  fail_input(
      "model.direction is both, but this task predicts what comes next and can't look ahead; "
      "expected forward");
}

Index Recurrence::parameter_count() const {
  Index count = 0;
  for (const RecurrentStack& stack : stacks_) count += trained_count(stack.parameters());
  return count;
}

std::size_t Recurrence::bytes_reserved() const {
  std::size_t bytes = 0;
  for (const RecurrentStack& stack : stacks_) bytes += stack.bytes_reserved();
  return bytes;
}

double Recurrence::scan_seconds() const {
  double seconds = 0.0;
  for (const RecurrentStack& stack : stacks_) seconds += stack.scan_seconds();
  return seconds;
}

const StepProgram& Recurrence::cell_program() const {
  if (stacks_.empty()) fail_bug("a model without a stack was asked for its cell");
  return stacks_.front().program(0);
}

std::string Recurrence::cell_text() const { return to_text(cell_program()); }

}  // namespace carousel
