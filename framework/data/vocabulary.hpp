#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Numbers for symbols, such as words or characters: 0, 1, .. in the order in which they are added.
class Vocabulary {
 public:
  /// The number of a symbol, which is added where it is not known. Throws InputError beyond 2^24
  /// symbols, from where on a float is no exact number of one.
  Index add(const std::string& symbol);
  /// Its number; none where it was not added.
  std::optional<Index> find(const std::string& symbol) const;
  /// The symbol of a number in [0, size()).
  const std::string& text(Index number) const { return texts_[static_cast<std::size_t>(number)]; }
  /// Number of symbols.
  Index size() const { return std::ssize(texts_); }

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string, Index> numbers_;
};

/// How often symbols stand in a text.
using SymbolCounts = std::unordered_map<std::string, Index>;

/// Adds the symbols that were counted at least `least` times: the most frequent first, those with
/// the same count by their bytes. most: how many at most; 0: all of them.
void add_frequent(Vocabulary& vocabulary, const SymbolCounts& counts, Index least, Index most = 0);

}  // namespace carousel
