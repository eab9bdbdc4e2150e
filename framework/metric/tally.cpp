#include "metric/tally.hpp"

#include <algorithm>

#include "tensor/error.hpp"

namespace carousel {

Tally::Tally(std::vector<std::string> counts, Index examples)
    : counts_(std::move(counts)),
      examples_(examples),
      values_(counts_.size() * static_cast<std::size_t>(examples)) {}

std::size_t Tally::place(std::string_view count) const {
  const auto found = std::find(counts_.begin(), counts_.end(), count);
  if (found == counts_.end()) fail_bug("a tally has no count '{}'", count);
  return static_cast<std::size_t>(found - counts_.begin()) * static_cast<std::size_t>(examples_);
}

double& Tally::at(std::string_view count, Index example) {
  if (example < 0 || example >= examples_) {
    fail_bug("a tally of {} examples was asked for example {}", examples_, example);
  }
  return values_[place(count) + static_cast<std::size_t>(example)];
}

std::span<const double> Tally::column(std::string_view count) const {
  return {values_.data() + place(count), static_cast<std::size_t>(examples_)};
}

void Tally::add(const Tally& other) {
  if (other.counts_ != counts_ || other.examples_ != examples_) {
    fail_bug("tallies of {} counts and {} examples, and {} and {} were to be added", counts_.size(),
             examples_, other.counts_.size(), other.examples_);
  }
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] += other.values_[i];
}

}  // namespace carousel
