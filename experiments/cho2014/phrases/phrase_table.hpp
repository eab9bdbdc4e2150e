#pragma once

#include <array>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "alignment.hpp"

namespace carousel::phrases {

/// A translation of a phrase.
struct Option {
  Words target;                       ///< its words
  std::array<double, 4> scores = {};  ///< log p(target | source), log p(source | target), and the
                                      ///< same by words: the lexical weights
  int count = 0;                      ///< how often the two were extracted
};

/// Pairs of phrases with how often they stand in aligned sentences, and the scores of Koehn, Och
/// and Marcu 2003 (N03-1017, sections 2.2 and 4).
class PhraseTable {
 public:
  /// Words of a phrase at most, of either side.
  static constexpr int longest = 7;

  /// Extracts all pairs of phrases in which no word is linked to one outside. links: of each pair.
  PhraseTable(const std::vector<Pair>& pairs, const std::vector<Links>& links);

  /// The translations of a phrase, in the order of their words; none where it is not known.
  std::span<const Option> options(const Words& source) const;
  /// Calls f(source, options) for each source phrase, in the order of their words.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& [source, options] : table_) f(source, options);
  }
  /// How many different pairs there are.
  std::size_t size() const;

 private:
  void score_words(const std::vector<Pair>& pairs, const std::vector<Links>& links);
  void extract(const Pair& pair, const Links& links);
  void add(const Pair& pair, const Links& links, std::array<int, 4> box);
  double lexical(const Pair& pair, const Links& links, std::array<int, 4> box, bool backward) const;
  void finish();

  std::map<Words, std::map<Words, Option>> found_;  // while phrases are extracted
  std::map<Words, std::vector<Option>> table_;
  // p(target word | source word) and the other way, of linked words; -1 is none.
  std::map<std::pair<int, int>, double> forward_, backward_;
};

}  // namespace carousel::phrases
