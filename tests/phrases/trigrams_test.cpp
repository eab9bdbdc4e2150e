// Kneser-Ney trigrams.

#include "trigrams.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace carousel::phrases {
namespace {

const std::vector<Words> sentences = {{0, 1, 2}, {0, 1, 0, 1, 2}, {2, 0, 3}, {3, 1}, {0}};

// Words and the end, behind any two, seen or not.
TEST(Trigrams, AreProbabilities) {
  const Trigrams model(sentences, 4);
  const std::vector<int> befores = {Trigrams::begin, 0, 1, 2, 3, 7};
  for (const int a : befores) {
    for (const int b : befores) {
      double sum = std::exp(model.log_p(a, b, Trigrams::end));
      for (int word = 0; word < 4; ++word) sum += std::exp(model.log_p(a, b, word));
      EXPECT_NEAR(sum, 1.0, 1e-12) << a << " " << b;
    }
  }
}

// "a b" and "a c": four trigrams and bigrams seen once or twice, by hand.
TEST(Trigrams, ByHand) {
  constexpr int a = 0, b = 1, c = 2;
  const Trigrams model({{a, b}, {a, c}}, 3);
  // Trigrams: ^^a twice; ^ab, ^ac, ab$, ac$ once: D = 4 / (4 + 2).
  // Bigrams by their ways: ^a, ab, ac, b$, c$, one each: D = 1. Words: a, b, c one way, $ two:
  // D = 3 / (3 + 2).
  const double d1 = 0.6, d3 = 2.0 / 3.0;
  const auto word = [&](double ways) {
    return (std::max(ways - d1, 0.0) + d1 * 4.0 / 4.0) / 5.0;  // of 3 words and the end
  };
  const double behind_a = word(1.0);  // D = 1 leaves nothing of the bigrams' own counts
  EXPECT_NEAR(std::exp(model.log_p(Trigrams::begin, a, b)),
              (1.0 - d3) / 2.0 + d3 * 2.0 / 2.0 * behind_a, 1e-12);
  EXPECT_NEAR(std::exp(model.log_p(Trigrams::begin, Trigrams::begin, a)),
              (2.0 - d3) / 2.0 + d3 / 2.0 * word(1.0), 1e-12);
}

TEST(Trigrams, OfASentenceAreThoseOfItsWordsAndItsEnd) {
  const Trigrams model(sentences, 4);
  EXPECT_NEAR(model.log_p({0, 3}),
              model.log_p(Trigrams::begin, Trigrams::begin, 0) +
                  model.log_p(Trigrams::begin, 0, 3) + model.log_p(0, 3, Trigrams::end),
              1e-12);
  EXPECT_GT(model.log_p({0, 1, 2}), model.log_p({2, 1, 0}));
}

}  // namespace
}  // namespace carousel::phrases
