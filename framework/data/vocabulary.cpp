#include "data/vocabulary.hpp"

#include <algorithm>

#include "tensor/error.hpp"

namespace carousel {

Index Vocabulary::add(const std::string& symbol) {
  constexpr Index most = Index{1} << 24;
  const auto [at, is_new] = numbers_.try_emplace(symbol, size());
  if (is_new) {
    if (size() >= most) fail_input("got more than {} different symbols; leave out rare ones", most);
    texts_.push_back(symbol);
  }
  return at->second;
}

std::optional<Index> Vocabulary::find(const std::string& symbol) const {
  const auto at = numbers_.find(symbol);
  return at == numbers_.end() ? std::nullopt : std::optional(at->second);
}

void add_frequent(Vocabulary& vocabulary, const SymbolCounts& counts, Index least, Index most) {
  std::vector<std::pair<Index, const std::string*>> frequent;
  for (const auto& [symbol, count] : counts) {
    if (count >= least) frequent.emplace_back(-count, &symbol);
  }
  std::ranges::sort(frequent, {}, [](const auto& entry) {
    return std::pair<Index, const std::string&>(entry.first, *entry.second);
  });
  if (most > 0 && std::ssize(frequent) > most) frequent.resize(static_cast<std::size_t>(most));
  for (const auto& [count, symbol] : frequent) vocabulary.add(*symbol);
}

}  // namespace carousel
