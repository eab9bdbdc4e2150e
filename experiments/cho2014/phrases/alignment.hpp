#pragma once

#include <utility>
#include <vector>

namespace carousel::phrases {

/// Words of a sentence by their numbers, 0 and up.
using Words = std::vector<int>;
/// A sentence and its translation.
struct Pair {
  Words source,  ///< the one
      target;    ///< the other
};
/// Places of a source word and a target word that belong together, in order.
using Links = std::vector<std::pair<int, int>>;

/// How the alignment is learned.
struct AlignOptions {
  int rounds = 5;            ///< of expectation maximisation
  double null_share = 0.08;  ///< probability that a word comes from none
  double tension = 4.0;      ///< of the diagonal, at first
  double add = 0.01;         ///< to the expected count of each pair of words
};

/// IBM model 2 with a prior for the diagonal (Dyer, Chahuneau and Smith 2013, N13-1073, equations 1
/// and 2): the source word of target word i of n is j of m with a probability in proportion to
/// exp(-tension |i / n - j / m|). Returns, for each pair, the likeliest source word of each target
/// word: -1 where that is none. The tension is learned too.
std::vector<std::vector<int>> align(const std::vector<Pair>& pairs,
                                    const AlignOptions& options = {});

/// grow-diag-final-and (Koehn, Och and Marcu 2003, N03-1017, section 4; "and" as in Moses): what
/// both directions say, then neighbours that one of them says where a word has no link yet, then
/// what one says where both words have none. of_target: a source word for each target word;
/// of_source: a target word for each source word.
Links symmetrised(const std::vector<int>& of_target, const std::vector<int>& of_source);

}  // namespace carousel::phrases
