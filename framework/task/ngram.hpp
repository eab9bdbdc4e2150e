#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Counts of the symbols that follow each stretch of up to `order` - 1 symbols, interpolated by
/// Witten and Bell's method (1991; method C): the probability of a symbol w behind h is
/// (c(h w) + t(h) p(w | h')) / (c(h) + t(h)), where t(h) is the number of different symbols seen
/// behind h, and h' is h without its first symbol. Below the unigrams stands 1 / vocabulary.
class NgramModel {
 public:
  /// Numbers of symbols, below the size of the vocabulary.
  using Symbols = std::span<const std::uint32_t>;

  /// Has seen nothing yet. order: 1 for unigrams; vocabulary: how many symbols there are.
  NgramModel(int order, Index vocabulary) : order_(order), vocabulary_(vocabulary) {}

  /// Counts the symbols of a sequence from place `first` on, each behind those in front of it.
  void learn(Symbols sequence, std::size_t first);
  /// -log p of symbol `at` of a sequence, in nats, given those in front of it.
  double nll(Symbols sequence, std::size_t at) const;

 private:
  struct Context {
    double total = 0.0;
    std::unordered_map<std::uint32_t, double> counts;
  };
  double probability(std::uint32_t symbol, Symbols history) const;

  int order_;
  Index vocabulary_;
  std::unordered_map<std::u32string, Context> contexts_;
};

}  // namespace carousel
