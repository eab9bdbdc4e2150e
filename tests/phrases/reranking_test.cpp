// Translations ranked again with a network's score.

#include "reranking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel::phrases {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Reranking : public ::testing::Test {
 protected:
  std::vector<std::vector<Candidate>> read(const std::string& list, const std::string& scores,
                                           const std::string& reference) {
    write_text(folder_ / "list", list);
    write_text(folder_ / "scores", scores);
    write_text(folder_ / "reference", reference);
    return read_candidates({folder_ / "list", folder_ / "scores", folder_ / "reference"});
  }

  std::string error(const std::string& list, const std::string& scores) {
    return error_of<InputError>([&] { read(list, scores, "a\nb\n"); });
  }

  TemporaryFolder folder_;
};

TEST_F(Reranking, CandidatesAreReadWithBothScores) {
  const auto sentences =
      read("0 ||| a b c d ||| 1 2 ||| -1.5\n0 ||| a ||| 1 2 ||| -2\n2 ||| x ||| 1 2 ||| -3\n",
           "-10\n-20\n-30\n", "a b c d\ny z\nx\n");
  ASSERT_EQ(sentences.size(), 3U);
  ASSERT_EQ(sentences[0].size(), 2U);
  EXPECT_THAT(sentences[0][1].features, ElementsAre(-2.0, -20.0));
  EXPECT_NEAR(bleu_of(sentences[0][0].counts), 100.0, 1e-12);
  EXPECT_EQ(sentences[0][1].counts, bleu_counts({0}, {0, 1, 2, 3}));
  ASSERT_EQ(sentences[1].size(), 1U) << "nothing was written, but there is a reference";
  EXPECT_EQ(sentences[1][0].counts, bleu_counts({}, {0, 1}));
  EXPECT_THAT(sentences[2][0].features, ElementsAre(-3.0, -30.0));
}

TEST_F(Reranking, WrongFilesAreNamedWithTheLine) {
  const std::string first = "1 ||| a ||| 1 ||| -1\n";
  EXPECT_THAT(error("0 ||| a ||| -1\n", "-1\n"), HasSubstr("list:1: got '0 ||| a ||| -1', expec"));
  for (const std::string place : {"2", "0", "-1", "1.5", "1e300"}) {
    EXPECT_THAT(error(first + place + " ||| a ||| 1 ||| -1\n", "-1\n-1\n"),
                HasSubstr("list:2: got '" + place + "', expected a place of the 2 sentences"));
  }
  EXPECT_THAT(error(first + "x ||| a ||| 1 ||| -1\n", "-1\n-1\n"), HasSubstr("list:2: got 'x'"));
  EXPECT_THAT(error(first, "much\n"), HasSubstr("scores:1: got 'much', expected a finite number"));
  EXPECT_THAT(error(first + first, "-1\n"), HasSubstr("scores:2: got the end of the file"));
  EXPECT_THAT(error(first, "-1\n-1\n"), HasSubstr("scores:2: got '-1', expected no line beyond"));
}

// The system prefers the wrong one by 1, the network the right one by 0.5 (first sentence) and the
// wrong one by 0.1 (second one, whose right one the system has 2 in front). Between weights of 2
// and 20 both are right.
TEST_F(Reranking, TheWeightIsThatOfTheHighestBleu) {
  const std::string right = "a b c d e", wrong = "a b c d x";
  const auto list = [&](double first, double second) {
    return "0 ||| " + wrong + " ||| 0 ||| 0\n0 ||| " + right + " ||| 0 ||| " +
           std::to_string(first) + "\n1 ||| " + wrong + " ||| 0 ||| 0\n1 ||| " + right +
           " ||| 0 ||| " + std::to_string(second) + "\n";
  };
  const std::string references = right + "\n" + right + "\n";
  const auto valid = read(list(-1, 2), "0\n0.5\n0.1\n0\n", references);
  // Of test the second sentence turns wrong with it: the network says 10 against 2.
  const auto test = read(list(-1, 2), "0\n0.5\n10\n0\n", references);
  const Reranked found = reranked(valid, test);
  EXPECT_GT(found.weight, 2.0);
  EXPECT_LT(found.weight, 20.0);
  // One of two is right: 5 + 4 of 10 words, 4 + 3 of 8 pairs, and so on.
  const double half = bleu_of({9, 7, 5, 3, 10, 8, 6, 4, 10});
  EXPECT_NEAR(found.valid_before, half, 1e-9);
  EXPECT_NEAR(found.valid_after, 100.0, 1e-9);
  EXPECT_NEAR(found.test_before, half, 1e-9);
  EXPECT_NEAR(found.test_after, half, 1e-9);
}

}  // namespace
}  // namespace carousel::phrases
