#include "task/recurrence.hpp"

namespace carousel {

Recurrence::Recurrence(const Cell& cell, Index hidden, int depth, Index segments) : cell_(&cell) {
  options_.hidden = hidden;
  options_.depth = depth;
  options_.segments = segments;
}

RecurrentStack Recurrence::stack(const std::string& name, Index input, Direction direction) {
  StackOptions options = options_;
  options.name = name;
  options.input = input;
  options.bidirectional = direction == Direction::both;
  return stacks_.emplace_back(*cell_, options);
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

std::string Recurrence::cell_text() const {
  if (stacks_.empty()) fail_bug("a model without a stack was asked for its cell");
  return to_text(stacks_.front().program(0));
}

}  // namespace carousel
