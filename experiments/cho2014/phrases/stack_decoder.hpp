#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "phrase_table.hpp"
#include "trigrams.hpp"

namespace carousel::phrases {

/// What a translation is scored by, in this order: the four scores of the phrase table, the
/// trigrams, how far phrases jump, words, phrases, and a further score of each phrase pair.
inline constexpr std::size_t feature_count = 9;
/// A number for each of them.
using Features = std::vector<double>;

/// Names of the features, in their order.
const std::vector<std::string>& feature_names();

/// The sum of features times weights.
double score_of(const Features& features, const Features& weights);

/// Weights to begin with: those that systems of the kind are begun with, none for the further
/// score.
Features first_weights();

/// A further score of a phrase pair, such as that of a network; 0 of what it does not know.
using PhraseScore = std::function<double(const Words& source, const Words& target)>;

/// How the search goes.
struct DecoderOptions {
  int stack = 100;     ///< translations of the same number of source words that are followed
  int options = 20;    ///< translations of a phrase that are tried
  int distortion = 4;  ///< source words that a phrase may jump over, at most
  int best = 1;        ///< translations that are wanted, at most
};

/// A translation with its features.
struct Translated {
  Words target;        ///< its words
  Features features;   ///< those of the whole
  double score = 0.0;  ///< features times weights
};

/// Translates from left to right, phrase by phrase, with a stack for each number of source words
/// that are translated (Koehn 2004, "Pharaoh", AMTA): scores in front of what is left, and of
/// translations that go on alike only the best is followed.
class StackDecoder {
 public:
  /// The table and the trigrams must outlive it. further: null for none.
  StackDecoder(const PhraseTable& table, const Trigrams& trigrams, PhraseScore further = {})
      : table_(table), trigrams_(trigrams), further_(std::move(further)) {}

  /// Translations of at most 64 words, best first, no two alike. A word that the table does not
  /// know stays as it is: unknown(word) is its number in the other language.
  std::vector<Translated> translate(const Words& source, const Features& weights,
                                    const DecoderOptions& options,
                                    const std::function<int(int)>& unknown) const;

 private:
  const PhraseTable& table_;
  const Trigrams& trigrams_;
  PhraseScore further_;
};

}  // namespace carousel::phrases
