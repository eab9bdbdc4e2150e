#include "task/ngram.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace carousel {
namespace {

std::u32string key_of(std::span<const std::uint32_t> history) {
  return {history.begin(), history.end()};
}

// The symbols in front of one, at most so many.
std::span<const std::uint32_t> history_of(std::span<const std::uint32_t> sequence, std::size_t at,
                                          int order) {
  const std::size_t length = std::min(at, static_cast<std::size_t>(order - 1));
  return sequence.subspan(at - length, length);
}

}  // namespace

void NgramModel::learn(Symbols sequence, std::size_t first) {
  for (std::size_t at = first; at < sequence.size(); ++at) {
    Symbols history = history_of(sequence, at, order_);
    while (true) {
      Context& context = contexts_[key_of(history)];
      context.total += 1.0;
      context.counts[sequence[at]] += 1.0;
      if (history.empty()) break;
      history = history.subspan(1);
    }
  }
}

double NgramModel::nll(Symbols sequence, std::size_t at) const {
  return -std::log(probability(sequence[at], history_of(sequence, at, order_)));
}

double NgramModel::probability(std::uint32_t symbol, Symbols history) const {
  const double shorter = history.empty() ? 1.0 / static_cast<double>(vocabulary_)
                                         : probability(symbol, history.subspan(1));
  const auto found = contexts_.find(key_of(history));
  if (found == contexts_.end()) return shorter;
  const Context& context = found->second;
  const auto count = context.counts.find(symbol);
  const auto kinds = static_cast<double>(context.counts.size());
  const double seen = count == context.counts.end() ? 0.0 : count->second;
  return (seen + kinds * shorter) / (context.total + kinds);
}

}  // namespace carousel
