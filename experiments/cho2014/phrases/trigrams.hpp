#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "alignment.hpp"

namespace carousel::phrases {

/// A trigram model with interpolated Kneser-Ney smoothing (Chen and Goodman 1999, Computer Speech
/// and Language 13, section 2.7 and appendix A), a discount for each order, D = n1 / (n1 + 2 n2).
class Trigrams {
 public:
  /// The symbols in front of and behind a sentence; words are 0 and up.
  static constexpr int begin = -1, end = -2;

  /// Learns from sentences. words: how many different ones there are.
  Trigrams(const std::vector<Words>& sentences, int words);

  /// log p(word | the two before it). A word that was never seen has the share of one of `words`.
  double log_p(int before_last, int last, int word) const;
  /// log p of a sentence and its end.
  double log_p(const Words& sentence) const;

 private:
  // Of a context: how often it was seen, or in how many ways, and how many words follow it.
  struct Context {
    double count = 0.0, followers = 0.0;
  };
  static std::uint64_t key(int a, int b, int c);
  double unigram(int word) const;
  double bigram(int last, int word) const;

  std::unordered_map<std::uint64_t, double> counts3_, counts2_, counts1_;
  std::unordered_map<std::uint64_t, Context> contexts3_, contexts2_;
  double ways1_ = 0.0;  // of all words
  double words_ = 0.0;
  std::array<double, 3> discounts_ = {};
};

}  // namespace carousel::phrases
