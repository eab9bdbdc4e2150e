// A phrase table beside networks' scores, by hand.

#include "scored_phrases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "csv.hpp"
#include "io/files.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel::phrases {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ScoredPhrases : public ::testing::Test {
 protected:
  std::vector<ScoredSource> read(const std::string& table, const std::string& scores) {
    write_text(folder_ / "table", table);
    write_text(folder_ / "scores", scores);
    networks_ = {{"net", folder_ / "scores"}};
    return read_scored_table(folder_ / "table", networks_);
  }

  std::string error(const std::string& table, const std::string& scores) {
    return error_of<InputError>([&] { read(table, scores); });
  }

  TemporaryFolder folder_;
  std::vector<NetworkScores> networks_;
};

// A source with targets of 1, 2, .. words, of these scores.
ScoredSource source(int words, double count, const std::vector<double>& table,
                    const std::vector<double>& network) {
  ScoredSource made{"s" + std::to_string(static_cast<int>(count)), words, count, {}};
  for (std::size_t k = 0; k < table.size(); ++k) {
    made.targets.push_back(
        {"t" + std::to_string(k), static_cast<int>(k) + 1, {table[k], network[k]}});
  }
  return made;
}

TEST_F(ScoredPhrases, AreReadWithTheirScores) {
  const auto sources = read(
      "a b ||| A ||| -0.5 -1 -2 -3 ||| 3\na b ||| A B ||| -1.5 0 0 0 ||| 1\nc ||| C ||| 0 0 0 0 "
      "||| 2\n",
      "-7\n-6.5\n-5\n");
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].text, "a b");
  EXPECT_EQ(sources[0].words, 2);
  EXPECT_EQ(sources[0].count, 4.0);
  ASSERT_EQ(sources[0].targets.size(), 2U);
  EXPECT_EQ(sources[0].targets[1].text, "A B");
  EXPECT_EQ(sources[0].targets[1].words, 2);
  EXPECT_THAT(sources[0].targets[1].scores, ElementsAre(-1.5, -6.5));
  EXPECT_THAT(sources[1].targets[0].scores, ElementsAre(0.0, -5.0));
}

TEST_F(ScoredPhrases, WrongFilesAreNamedWithTheLine) {
  const std::string good = "a ||| A ||| -1 0 0 0 ||| 1\n";
  EXPECT_THAT(error(good + "b ||| B ||| 1\n", "-1\n-1\n"),
              HasSubstr("table:2: got 'b ||| B ||| 1', expected `source ||| target |||"));
  EXPECT_THAT(error("a ||| A ||| x 0 ||| 1\n", "-1\n"), HasSubstr("table:1: got 'x', expected a"));
  EXPECT_THAT(error("a ||| A |||  ||| 1\n", "-1\n"), HasSubstr("table:1: got 'a |||"));
  EXPECT_THAT(error(good + good, "-1\nnan\n"), HasSubstr("scores:2: got 'nan', expected a finite"));
  EXPECT_THAT(error(good + good, "-1\n"), HasSubstr("scores:2: got the end of the file, expected"));
  EXPECT_THAT(error(good, "-1\n-2\n"), HasSubstr("scores:2: got '-2', expected no line beyond"));
  EXPECT_THAT(error(good + "b ||| B ||| -1 0 0 0 ||| 1\n" + good, "-1\n-2\n-3\n"),
              HasSubstr("table:3: got 'a', expected all lines of a source side by side"));
  EXPECT_THAT(error("", "-1\n"), HasSubstr("table:1: got an empty file"));
}

TEST(SourceGroups, AreByLengthAndByThirdsOfCounts) {
  const std::vector<double> p = {-1, -2, -3};
  std::vector<ScoredSource> sources;
  for (const double count : {9, 3, 3, 5, 7, 3, 8}) sources.push_back(source(4, count, p, p));
  sources.push_back(source(3, 6, p, p));
  sources.push_back(source(4, 100, {-1, -2}, {-1, -2}));          // too few targets
  sources.push_back(source(4, 200, {-1, -1, -1}, {-1, -2, -3}));  // no order
  const auto groups = groups_of(sources, 3);
  ASSERT_EQ(groups.size(), 6U);
  const auto counts = [&](std::size_t group) {
    std::vector<double> all;
    for (const ScoredSource* one : groups[group].sources) all.push_back(one->count);
    return all;
  };
  EXPECT_EQ(groups[0].words, "1-3");
  EXPECT_THAT(counts(0), ElementsAre(6));
  EXPECT_EQ(groups[3].frequency, "all");
  EXPECT_THAT(counts(3), ElementsAre(9, 3, 3, 5, 7, 3, 8));
  // Sorted: 3 3 3 5 7 8 9, borders at places 2 and 4.
  EXPECT_EQ(groups[4].frequency, "frequent");
  EXPECT_THAT(counts(4), ElementsAre(9, 7, 8));
  EXPECT_EQ(groups[5].frequency, "rare");
  EXPECT_THAT(counts(5), ElementsAre(3, 3, 3));
}

// Correlations 1, -1 and, all alike to the network, 0. Best lengths by the table 1, 1 and the mean
// of 2 and 3; by the network 1, 3 and the mean of 1, 2 and 3.
TEST(SourceGroups, AgreementIsTheMeanOverSources) {
  const std::vector<ScoredSource> sources = {source(1, 1, {-1, -2, -3}, {-10, -20, -30}),
                                             source(1, 1, {-1, -2, -3}, {-30, -20, -10}),
                                             source(1, 1, {-2, -1, -1}, {-5, -5, -5})};
  const SourceGroup group{"1-3", "all", {&sources[0], &sources[1], &sources[2]}};
  const Agreement found = agreement_in(group, 1);
  EXPECT_NEAR(found.correlation.mean, 0.0, 1e-12);
  // Deviation 1, three values: t = 4.303 with two degrees of freedom.
  EXPECT_NEAR(found.correlation.high, 4.30265 / std::sqrt(3.0), 1e-4);
  EXPECT_NEAR(found.table_words, (1 + 1 + 2.5) / 3, 1e-12);
  EXPECT_NEAR(found.network_words, (1 + 3 + 2) / 3.0, 1e-12);
}

TEST(SourceGroups, AreDrawnFromBySeed) {
  std::vector<ScoredSource> sources;
  for (int k = 0; k < 40; ++k) sources.push_back(source(4, k, {-1, -2, -3}, {-1, -2, -3}));
  SourceGroup group{"4-7", "all", {}};
  for (const ScoredSource& one : sources) group.sources.push_back(&one);
  const auto drawn = drawn_from(group, 5, 1);
  ASSERT_EQ(drawn.size(), 5U);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(std::set<const ScoredSource*>(drawn.begin(), drawn.end()).size(), 5U);
  EXPECT_EQ(drawn_from(group, 5, 1), drawn);
  EXPECT_NE(drawn_from(group, 5, 2), drawn);
  EXPECT_EQ(drawn_from(group, 100, 1).size(), 40U);
}

TEST(SourceGroups, BestTargetsComeFirst) {
  const ScoredSource one = source(1, 1, {-2, -1, -2, -3}, {-1, -4, -3, -2});
  EXPECT_THAT(best_targets(one, 0, 3), ElementsAre("t1", "t0", "t2"));
  EXPECT_THAT(best_targets(one, 1, 2), ElementsAre("t0", "t3"));
  EXPECT_EQ(best_targets(one, 1, 9).size(), 4U);
}

TEST(SourceGroups, AreWritten) {
  ScoredSource one = source(4, 5, {-1, -2, -3}, {-1, -3, -2});
  one.text = "a | &lt; b";
  const std::vector<SourceGroup> groups = {{"4-7", "all", {&one}}, {"4-7", "rare", {}}};
  const std::vector<NetworkScores> networks = {{"net", ""}};
  const auto rows = read_csv(agreement_csv(groups, networks));
  ASSERT_EQ(rows.size(), 1U) << "none of an empty group";
  EXPECT_EQ(rows[0].at("network"), "net");
  EXPECT_EQ(rows[0].at("sources"), "1");
  EXPECT_EQ(rows[0].at("correlation"), "0.5000");
  EXPECT_EQ(rows[0].at("low"), "") << "one source has no interval";
  EXPECT_EQ(rows[0].at("best_words_network"), "1.000");
  EXPECT_THAT(agreement_markdown(groups, networks),
              HasSubstr("\n| net | 4-7 | all | 1 | 0.500 | 1.00 | 1.00 |\n"));
  EXPECT_EQ(examples_markdown({&one}, networks),
            "| source | p(target \\| source) | net |\n|---|---|---|\n"
            "| a \\| &amp;lt; b | t0<br>t1<br>t2 | t0<br>t2<br>t1 |\n");
}

}  // namespace
}  // namespace carousel::phrases
