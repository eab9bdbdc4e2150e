// The search for the best translation, against all translations.

#include "stack_decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tensor/random.hpp"

namespace carousel::phrases {
namespace {

using testing::ElementsAre;

// Sentences of a few words that are turned round in pairs, with noise.
std::vector<Pair> made_pairs() {
  Random random(5, "pairs");
  std::vector<Pair> pairs;
  for (int p = 0; p < 60; ++p) {
    Pair pair;
    const auto size = 2 + random.below(4);
    for (std::uint64_t k = 0; k < size; ++k) pair.source.push_back(int(random.below(5)));
    pair.target = pair.source;
    for (std::size_t k = 0; k + 1 < pair.target.size(); k += 2) {
      if (random.below(2) == 0) std::swap(pair.target[k], pair.target[k + 1]);
    }
    for (int& word : pair.target) word = random.below(8) == 0 ? int(random.below(5)) : word;
    pairs.push_back(pair);
  }
  return pairs;
}

class StackDecoding : public testing::Test {
 protected:
  StackDecoding() {
    std::vector<Pair> turned;
    std::vector<Words> targets;
    for (const Pair& pair : pairs_) {
      turned.push_back({pair.target, pair.source});
      targets.push_back(pair.target);
    }
    const auto a = align(pairs_), b = align(turned);
    std::vector<Links> links;
    for (std::size_t p = 0; p < pairs_.size(); ++p) links.push_back(symmetrised(a[p], b[p]));
    table_ = std::make_unique<PhraseTable>(pairs_, links);
    trigrams_ = std::make_unique<Trigrams>(targets, 5);
  }

  // The score of the best way to translate what is not covered, by trying all.
  double best(const Words& source, const Features& weights, std::uint64_t covered, int end, int a,
              int b) const {
    const int n = static_cast<int>(source.size());
    if (covered == (std::uint64_t{1} << n) - 1) {
      return weights[4] * trigrams_->log_p(a, b, Trigrams::end);
    }
    double highest = -1e300;
    for (int first = 0; first < n; ++first) {
      for (int last = first + 1; last <= n; ++last) {
        const std::uint64_t own =
            ((std::uint64_t{1} << last) - 1) & ~((std::uint64_t{1} << first) - 1);
        if ((covered & own) || std::abs(first - end) > distortion) continue;
        int gap = 0;
        while ((covered | own) >> gap & 1) ++gap;
        if ((covered | own) != (std::uint64_t{1} << n) - 1 && last - gap > distortion) continue;
        for (const Option& option :
             table_->options({source.begin() + first, source.begin() + last})) {
          double score = weights[5] * -std::abs(first - end) +
                         weights[6] * double(option.target.size()) + weights[7];
          for (std::size_t k = 0; k < 4; ++k) score += weights[k] * option.scores[k];
          int x = a, y = b;
          for (const int word : option.target) {
            score += weights[4] * trigrams_->log_p(x, y, word);
            x = y;
            y = word;
          }
          highest = std::max(highest, score + best(source, weights, covered | own, last, x, y));
        }
      }
    }
    return highest;
  }

  static constexpr int distortion = 2;
  std::vector<Pair> pairs_ = made_pairs();
  std::unique_ptr<PhraseTable> table_;
  std::unique_ptr<Trigrams> trigrams_;
};

TEST_F(StackDecoding, FindsTheBestOfAll) {
  const StackDecoder decoder(*table_, *trigrams_);
  const DecoderOptions wide{
      .stack = 100000, .options = 100000, .distortion = distortion, .best = 5};
  for (const Words& source : {Words{0, 1}, Words{3, 2, 1}, Words{4, 0, 2, 1}, Words{1, 1, 3, 0}}) {
    const auto found = decoder.translate(source, first_weights(), wide, [](int w) { return w; });
    ASSERT_FALSE(found.empty());
    EXPECT_NEAR(found[0].score,
                best(source, first_weights(), 0, 0, Trigrams::begin, Trigrams::begin), 1e-9);
    double dot = 0.0;
    for (std::size_t k = 0; k < feature_count; ++k)
      dot += first_weights()[k] * found[0].features[k];
    EXPECT_NEAR(dot, found[0].score, 1e-9) << "the features are those of the score";
    EXPECT_NEAR(found[0].features[4], trigrams_->log_p(found[0].target), 1e-9);
    EXPECT_EQ(found[0].features[6], double(found[0].target.size()));
    for (std::size_t k = 1; k < found.size(); ++k) {
      EXPECT_LE(found[k].score, found[k - 1].score);
      EXPECT_NE(found[k].target, found[k - 1].target);
    }
  }
}

TEST_F(StackDecoding, AWordThatNobodyKnowsStaysAsItIs) {
  const StackDecoder decoder(*table_, *trigrams_);
  const auto found =
      decoder.translate({77}, first_weights(), {}, [](int word) { return word + 1000; });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].target, ElementsAre(1077));
  EXPECT_TRUE(decoder.translate({}, first_weights(), {}, [](int w) { return w; }).empty());
}

TEST_F(StackDecoding, AFurtherScoreCounts) {
  const StackDecoder plain(*table_, *trigrams_);
  const Words source{0, 1, 2};
  const auto first = plain.translate(source, first_weights(), {}, [](int w) { return w; });
  // Whatever is no single word is disliked.
  const StackDecoder disliking(*table_, *trigrams_, [](const Words& phrase, const Words&) {
    return phrase.size() > 1 ? -100.0 : 0.0;
  });
  Features weights = first_weights();
  weights[8] = 1.0;
  const auto second = disliking.translate(source, weights, {}, [](int w) { return w; });
  EXPECT_EQ(second[0].features[7], 3.0) << "three phrases of a word each";
  EXPECT_EQ(second[0].features[8], 0.0);
  EXPECT_LE(first[0].features[7], 3.0);
}

}  // namespace
}  // namespace carousel::phrases
