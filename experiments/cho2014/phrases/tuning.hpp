#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "stack_decoder.hpp"

namespace carousel::phrases {

/// What BLEU is made of: right and written 1-grams to 4-grams, and the words of the reference.
using BleuCounts = std::vector<double>;

/// The counts of a translation. Words by their numbers.
BleuCounts bleu_counts(const Words& written, const Words& reference);

/// A translation that may be chosen.
struct Candidate {
  Features features;  ///< of the whole
  BleuCounts counts;  ///< against its reference
};

/// BLEU, 0 to 100, of each sentence's candidate with the highest score; of equal ones the first.
double bleu_with(const std::vector<std::vector<Candidate>>& sentences, const Features& weights);

/// Weights that choose, of each sentence's candidates, translations that together have the highest
/// BLEU: from `start` one weight at a time is set to the best place of the line, as long as that
/// helps (Och 2003, P03-1021, section 5). fixed: features whose weight stays.
Features line_search(const std::vector<std::vector<Candidate>>& sentences, Features start,
                     const std::vector<bool>& fixed);

/// Translates, adds what is new to the candidates, and searches, until nothing is new or `rounds`
/// are over; each round the search also begins at `starts` weights that are drawn near the best
/// ones (seed). n_best(weights): for each sentence translations with features. Returns the weights
/// with the highest BLEU of the first translations.
Features tuned(const std::function<std::vector<std::vector<Translated>>(const Features&)>& n_best,
               const std::vector<Words>& references, Features start, const std::vector<bool>& fixed,
               int rounds, int starts, std::uint64_t seed,
               const std::function<void(int round, double bleu)>& progress);

/// BLEU, 0 to 100, of the sum of counts.
double bleu_of(const BleuCounts& sums);

}  // namespace carousel::phrases
