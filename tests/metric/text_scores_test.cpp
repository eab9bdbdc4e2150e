// BLEU and chrF of a few sentences, against other implementations and by hand.

#include "metric/text_scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace carousel {
namespace {

using Texts = std::vector<std::string>;

Texts words_of(const std::string& line) {
  std::istringstream in(line);
  Texts words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

struct Scores {
  double bleu = 0.0, chrf = 0.0;
};

Scores scores_of(const Texts& written, const Texts& references) {
  Texts names = bleu_count_names();
  for (const std::string& name : chrf_count_names()) names.push_back(name);
  Tally tally(names, std::ssize(written));
  for (std::size_t i = 0; i < written.size(); ++i) {
    const Texts a = words_of(written[i]), b = words_of(references[i]);
    count_bleu(a, b, static_cast<Index>(i), tally);
    count_chrf(a, b, static_cast<Index>(i), tally);
  }
  const auto figure = [&](const Texts& counts, auto* of) {
    std::vector<std::span<const double>> columns;
    for (const std::string& count : counts) columns.push_back(tally.column(count));
    return of(columns);
  };
  return {figure(bleu_count_names(), bleu), figure(chrf_count_names(), chrf)};
}

// The first pair is the example of Papineni et al. 2002, section 2.1, with one of its references.
const Texts written = {
    "it is a guide to action which ensures that the military always obeys the commands of the "
    "party",
    "he read the book because he was interested in world history", "un chien court dans l' eau"};
const Texts references = {
    "it is a guide to action that ensures that the military will forever heed party commands",
    "he was interested in world history because he read the book",
    "un chien noir court dans l' herbe verte"};

// corpus_bleu of NLTK 3.8 gives the same; its counts are 12/18, 8/17, 6/16 and 4/15 for the first.
TEST(TextScores, BleuIsThatOfAnotherImplementation) {
  EXPECT_NEAR(scores_of(written, references).bleu, 51.24576721246791, 1e-12);
  EXPECT_NEAR(scores_of({written[0]}, {references[0]}).bleu, 42.08598069524091, 1e-12);
  EXPECT_NEAR(scores_of({written[1]}, {references[1]}).bleu, 74.00828044922852, 1e-12);
}

// Of the 3-grams and 4-grams none is right, or there is none: nothing is smoothed.
TEST(TextScores, BleuWithoutALongNgramIsZero) {
  EXPECT_EQ(scores_of({written[2]}, {references[2]}).bleu, 0.0);
  EXPECT_EQ(scores_of({"a b c"}, {"a b c"}).bleu, 0.0);
  EXPECT_EQ(scores_of({""}, {"a b c d"}).bleu, 0.0);
}

// "the the the the the the the" of the paper, section 2.1: two of seven.
TEST(TextScores, AWordCountsNoMoreOftenThanInTheReference) {
  Tally tally(bleu_count_names(), 1);
  count_bleu(words_of("the the the the the the the"), words_of("the cat is on the mat"), 0, tally);
  EXPECT_EQ(tally.at("bleu_matched_1", 0), 2.0);
  EXPECT_EQ(tally.at("bleu_written_1", 0), 7.0);
  EXPECT_EQ(tally.at("bleu_matched_2", 0), 0.0);
  EXPECT_EQ(tally.at("bleu_written_4", 0), 4.0);
  EXPECT_EQ(tally.at("bleu_reference_1", 0), 6.0);
}

// All that is written is right: what is left is the penalty, exp(1 - 6 / 4).
TEST(TextScores, BleuPunishesWhatIsTooShortAndNotWhatIsTooLong) {
  EXPECT_NEAR(scores_of({"a b c d"}, {"a b c d e f"}).bleu, 100.0 * std::exp(-0.5), 1e-12);
  // 4/6, 3/5, 2/4 and 1/3.
  EXPECT_NEAR(scores_of({"a b c d e f"}, {"a b c d"}).bleu,
              100.0 * std::pow(4.0 / 6 * 3 / 5 * 2 / 4 * 1 / 3, 0.25), 1e-12);
}

TEST(TextScores, AReferenceItselfHasAHundred) {
  EXPECT_DOUBLE_EQ(scores_of(references, references).bleu, 100.0);
  EXPECT_DOUBLE_EQ(scores_of(references, references).chrf, 100.0);
  EXPECT_DOUBLE_EQ(scores_of({"ab"}, {"ab"}).chrf, 100.0) << "no 3-grams, which do not count";
}

TEST(TextScores, NothingIsKnownWithoutAReference) {
  EXPECT_TRUE(std::isnan(scores_of({}, {}).bleu));
  EXPECT_TRUE(std::isnan(scores_of({}, {}).chrf));
}

// Counted once more by a short program in another language. The second is that of NLTK 3.8 too,
// which takes the mean of F scores: the same where as much is written as the reference has.
TEST(TextScores, ChrfIsThatOfAnotherProgram) {
  EXPECT_NEAR(scores_of(written, references).chrf, 70.09121664080523, 1e-12);
  EXPECT_NEAR(scores_of({written[1]}, {references[1]}).chrf, 92.24175730477766, 1e-12);
}

// "ab" against "abcd": 2/2 and 2/4 of the characters, 1/1 and 1/3 of the pairs.
TEST(TextScores, ChrfByHand) {
  const double precision = 1.0, recall = (2.0 / 4 + 1.0 / 3) / 2;
  EXPECT_NEAR(scores_of({"ab"}, {"abc d"}).chrf,
              100.0 * 5 * precision * recall / (4 * precision + recall), 1e-12);
  EXPECT_EQ(scores_of({"x"}, {"y"}).chrf, 0.0);
}

// A character of two bytes is one.
TEST(TextScores, ChrfCountsCharacters) {
  const double expected = scores_of({"ete a la maison", "ab"}, {"l' ete a la plage", "abc d"}).chrf;
  EXPECT_DOUBLE_EQ(scores_of({"\u00e9t\u00e9 \u00e0 l\u00e0 m\u00e0ison", "\u00e0b"},
                             {"l' \u00e9t\u00e9 \u00e0 l\u00e0 pl\u00e0g\u00e9", "\u00e0bc d"})
                       .chrf,
                   expected);
  EXPECT_NEAR(scores_of({"\u00e9t\u00e9 \u00e0 la maison", "ab"},
                        {"l' \u00e9t\u00e9 \u00e0 la plage", "abc d"})
                  .chrf,
              32.11720570349677, 1e-12);
}

}  // namespace
}  // namespace carousel
