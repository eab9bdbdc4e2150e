// Shares of the places of a sentence in the gradient, by hand.

#include "place_shares.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "csv.hpp"
#include "io/files.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel::phrases {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const PlaceShare& share(const std::vector<PlaceShare>& shares, int least_words, CountedFrom from,
                        int place) {
  for (const PlaceShare& one : shares) {
    if (one.least_words == least_words && one.from == from && one.place == place) return one;
  }
  ADD_FAILURE() << "no such place";
  static const PlaceShare missing;
  return missing;
}

// Shares 1/4, 3/4 and 1 of sentences of up to two words; 1/2, 1/3, 1/6 of one of three.
TEST(PlaceShares, AreMeansOverSentences) {
  const auto shares = place_shares({{1, 3}, {5}, {3, 2, 1}}, 2);
  EXPECT_EQ(shares.size(), 2U * 2U + 2U * 3U);
  const PlaceShare& first = share(shares, 1, CountedFrom::start, 1);
  EXPECT_EQ(first.most_words, 2);
  EXPECT_EQ(first.sentences, 2);
  EXPECT_NEAR(first.share, (0.25 + 1.0) / 2.0, 1e-12);
  EXPECT_NEAR(first.even, (0.5 + 1.0) / 2.0, 1e-12);
  EXPECT_NEAR(share(shares, 1, CountedFrom::end, 1).share, (0.75 + 1.0) / 2.0, 1e-12);
  EXPECT_EQ(share(shares, 1, CountedFrom::end, 2).sentences, 1);
  EXPECT_NEAR(share(shares, 1, CountedFrom::end, 2).share, 0.25, 1e-12);
  EXPECT_EQ(share(shares, 3, CountedFrom::start, 3).most_words, 4);
  EXPECT_NEAR(share(shares, 3, CountedFrom::start, 3).share, 1.0 / 6.0, 1e-12);
  EXPECT_NEAR(share(shares, 3, CountedFrom::end, 3).share, 0.5, 1e-12);
}

TEST(PlaceShares, AreWritten) {
  const auto rows = read_csv(shares_csv(place_shares({{1, 3}}, 10)));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0], (Row{{"words", "1-10"},
                          {"from", "start"},
                          {"place", "1"},
                          {"sentences", "1"},
                          {"share", "0.25000"},
                          {"even", "0.50000"}}));
  EXPECT_EQ(rows[2].at("from"), "end");
  EXPECT_EQ(rows[2].at("share"), "0.75000");
}

TEST(PlaceShares, AreOfNormsInAFile) {
  TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    write_text(folder / "norms", text);
    return read_norms(folder / "norms");
  };
  EXPECT_THAT(read("1 2.5\n3\n"), ElementsAre(ElementsAre(1.0, 2.5), ElementsAre(3.0)));
  const auto error = [&](const std::string& text) {
    return error_of<InputError>([&] { read(text); });
  };
  EXPECT_THAT(error("1\n1 inf\n"), HasSubstr("norms:2: got 'inf', expected a finite number"));
  EXPECT_THAT(error("1\n1 -1\n"), HasSubstr("norms:2: got '-1', expected a norm"));
  EXPECT_THAT(error("0 0\n"), HasSubstr("norms:1: got '0 0', expected norms of gradients"));
  EXPECT_THAT(error("1\n\n"), HasSubstr("norms:2: got ''"));
}

}  // namespace
}  // namespace carousel::phrases
