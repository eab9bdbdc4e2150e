#pragma once

#include <filesystem>
#include <vector>

#include "tuning.hpp"

namespace carousel::phrases {

/// The files of a part of the data whose translations are ranked again.
struct RankedFiles {
  std::filesystem::path list;  ///< lines `place ||| translation ||| features ||| score`, of each
                               ///< sentence side by side, places from 0 and never lower than before
  std::filesystem::path scores;     ///< a network's score, a line for each one of the list
  std::filesystem::path reference;  ///< a translation a line, of sentences 0, 1, ..
};

/// Reads the candidates of each sentence, in the list's order; their features are the list's score
/// and the network's. A sentence without any has one without words. Throws InputError with file
/// and line.
std::vector<std::vector<Candidate>> read_candidates(const RankedFiles& files);

/// What a network's score is good for. BLEU is that of the candidates with the highest sums.
struct Reranked {
  double weight = 0.0;                           ///< of the network's score, where the list's has 1
  double valid_before = 0.0, valid_after = 0.0;  ///< BLEU of validation
  double test_before = 0.0, test_after = 0.0;    ///< BLEU of test
};

/// Finds the weight with the highest BLEU on validation by a search of the whole line.
Reranked reranked(const std::vector<std::vector<Candidate>>& valid,
                  const std::vector<std::vector<Candidate>>& test);

}  // namespace carousel::phrases
