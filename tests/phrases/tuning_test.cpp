// Weights with the highest BLEU, against a fine grid.

#include "tuning.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tensor/random.hpp"

namespace carousel::phrases {
namespace {

TEST(Tuning, CountsAreThoseOfBleu) {
  EXPECT_NEAR(bleu_of(bleu_counts({0, 1, 2, 3, 4}, {0, 1, 2, 3, 4})), 100.0, 1e-12);
  // 4 of 4, 3 of 3, 2 of 2, 1 of 1, and one word of five is missing.
  EXPECT_NEAR(bleu_of(bleu_counts({0, 1, 2, 3}, {0, 1, 2, 3, 4})), 100.0 * std::exp(-0.25), 1e-12);
}

std::vector<std::vector<Candidate>> made_sentences() {
  Random random(3, "candidates");
  std::vector<std::vector<Candidate>> sentences(30);
  for (auto& candidates : sentences) {
    const Words reference = {1, 2, 3, 4, 5, 6};
    for (int k = 0; k < 8; ++k) {
      Words written = reference;
      double right = 6.0;
      for (int& word : written) {
        if (random.below(3) == 0) word = 9, right -= 1.0;
      }
      // The first feature tells a little of what is right, the second nothing.
      candidates.push_back(
          {{0.3 * right + random.normal(), random.normal()}, bleu_counts(written, reference)});
    }
  }
  return sentences;
}

double bleu_at(const std::vector<std::vector<Candidate>>& sentences, const Features& weights) {
  BleuCounts sums(9, 0.0);
  for (const auto& candidates : sentences) {
    std::size_t best = 0;
    const auto score = [&](std::size_t c) {
      return weights[0] * candidates[c].features[0] + weights[1] * candidates[c].features[1];
    };
    for (std::size_t c = 1; c < candidates.size(); ++c) {
      if (score(c) > score(best)) best = c;
    }
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += candidates[best].counts[k];
  }
  return bleu_of(sums);
}

// With the second weight at 1 the first one is searched for along a line: no place of a fine grid
// is better.
TEST(Tuning, TheLineSearchFindsTheBestPlace) {
  const auto sentences = made_sentences();
  const Features found = line_search(sentences, {0.0, 1.0}, {false, true});
  EXPECT_EQ(found[1], 1.0);
  double best = 0.0;
  for (int k = -20000; k <= 20000; ++k) best = std::max(best, bleu_at(sentences, {k * 0.001, 1.0}));
  EXPECT_GE(bleu_at(sentences, found), best - 1e-9);
  EXPECT_GT(best, bleu_at(sentences, {0.0, 1.0}) + 5.0);
}

TEST(Tuning, EndsWithTheBestWeightsThatItTried) {
  const auto sentences = made_sentences();
  std::vector<Words> references(sentences.size(), Words{1, 2, 3, 4, 5, 6});
  std::vector<double> seen;
  // What is written depends on the weight: the reference's first n words, n largest at 2.
  const auto n_best = [&](const Features& weights) {
    std::vector<std::vector<Translated>> all;
    for (const Words& reference : references) {
      std::vector<Translated> found;
      for (std::size_t n = 4; n <= 6; ++n) {
        const double score = -std::abs(weights[0] - 2.0 + (6.0 - double(n)) * 2.0);
        found.push_back({{reference.begin(), reference.begin() + std::ptrdiff_t(n)},
                         {double(n), -double(n * n)},
                         score});
      }
      std::ranges::sort(found, std::greater<>(), &Translated::score);
      all.push_back(found);
    }
    return all;
  };
  const Features found = tuned(n_best, references, {-2.0, 0.0}, {false, true}, 4, 2, 1,
                               [&](int, double bleu) { seen.push_back(bleu); });
  ASSERT_FALSE(seen.empty());
  BleuCounts sums(9, 0.0);
  for (const auto& best : n_best(found)) {
    const BleuCounts counts = bleu_counts(best[0].target, references[0]);
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += counts[k];
  }
  EXPECT_NEAR(bleu_of(sums), *std::ranges::max_element(seen), 1e-12);
}

}  // namespace
}  // namespace carousel::phrases
