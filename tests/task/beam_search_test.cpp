// The search for likely sequences, against all sequences of a small language.

#include "task/beam_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Sequence = std::vector<Index>;
// Probabilities of the next symbol behind a sequence.
using Language = std::function<std::vector<double>(const Sequence&)>;

constexpr Index begin = 3, end = 2;

class Writer final : public StepWriter {
 public:
  Writer(Language language, std::size_t rows) : language_(std::move(language)), rows_(rows) {}

  Tensor<double> next(const std::vector<Index>& symbols) override {
    EXPECT_EQ(symbols.size(), rows_.size());
    std::vector<double> all;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (symbols[r] != begin) rows_[r].push_back(symbols[r]);
      for (const double p : language_(rows_[r])) all.push_back(std::log(p));
    }
    const Index size = std::ssize(all) / std::ssize(rows_);
    return Tensor<double>::from({std::ssize(rows_), size}, all);
  }
  void keep(const std::vector<Index>& from) override {
    std::vector<Sequence> kept;
    for (const Index row : from) kept.push_back(rows_.at(static_cast<std::size_t>(row)));
    rows_ = std::move(kept);
  }

 private:
  Language language_;
  std::vector<Sequence> rows_;
};

// Symbols 0, 1, end and begin. 0 is likelier at first, and what follows 1 is likelier.
std::vector<double> garden_path(const Sequence& s) {
  if (s.empty()) return {0.6, 0.4, 0.0, 0.0};
  if (s[0] == 0) return {0.3, 0.3, 0.4, 0.0};
  return {0.05, 0.05, 0.9, 0.0};
}

// A few probabilities that depend on all that was written.
std::vector<double> tangled(const Sequence& s) {
  double x = 0.37;
  for (const Index symbol : s)
    x = std::fmod(x * 17.3 + 0.29 * static_cast<double>(symbol + 1), 1.0);
  const double a = 0.1 + 0.6 * x, b = (1.0 - a) * 0.55;
  return {a, b, 1.0 - a - b, 0.0};
}

std::vector<Written> search(const Language& language, Index beam, Index most, double norm = 0.0) {
  Writer writer(language, 1);
  return beam_search(writer, {beam, norm, {most}, {}, begin, end})[0];
}

double log_probability(const Language& language, const Sequence& symbols, bool finished) {
  Sequence before;
  double sum = 0.0;
  for (const Index symbol : symbols) {
    sum += std::log(language(before)[static_cast<std::size_t>(symbol)]);
    before.push_back(symbol);
  }
  return finished ? sum + std::log(language(before)[end]) : sum;
}

TEST(BeamSearch, OfOneIsGreedy) {
  const auto found = search(garden_path, 1, 9);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].symbols, ElementsAre(0));
  EXPECT_TRUE(found[0].finished);
  EXPECT_NEAR(found[0].log_probability, std::log(0.6 * 0.4), 1e-12);
}

TEST(BeamSearch, OfTwoFindsWhatBeginsLessLikely) {
  const auto found = search(garden_path, 2, 9);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].symbols, ElementsAre(1));
  EXPECT_NEAR(found[0].log_probability, std::log(0.4 * 0.9), 1e-12);
  EXPECT_THAT(found[1].symbols, ElementsAre(0));
}

// A beam as wide as there are sequences finds the likeliest of all.
TEST(BeamSearch, ThatIsWideFindsTheBestOfAll) {
  constexpr Index most = 5;
  Sequence best;
  double likeliest = -std::numeric_limits<double>::infinity();
  std::function<void(const Sequence&)> walk = [&](const Sequence& s) {
    const bool whole = std::ssize(s) == most;  // is not asked for its end
    const double p = log_probability(tangled, s, !whole);
    if (p > likeliest) likeliest = p, best = s;
    for (const Index symbol : {0, 1}) {
      Sequence longer = s;
      longer.push_back(symbol);
      if (!whole) walk(longer);
    }
  };
  walk({});
  const auto found = search(tangled, 200, most);
  EXPECT_EQ(found[0].symbols, best);
  EXPECT_NEAR(found[0].log_probability, likeliest, 1e-12);
}

TEST(BeamSearch, GivesTheProbabilityOfWhatItWrote) {
  for (const Index beam : {1, 2, 3, 7}) {
    const auto found = search(tangled, beam, 6);
    EXPECT_EQ(std::ssize(found), beam);
    std::vector<Sequence> seen;
    for (const Written& written : found) {
      EXPECT_NEAR(written.log_probability,
                  log_probability(tangled, written.symbols, written.finished), 1e-12);
      EXPECT_EQ(std::ranges::count(seen, written.symbols), 0) << "the same sequence twice";
      seen.push_back(written.symbols);
    }
  }
}

// 1 and 1 1 1 end with 0.3 and 0.3^(1/3) a symbol: which is better is a matter of the norm.
TEST(BeamSearch, RanksByLengthWhereItIsAskedTo) {
  const Language language = [](const Sequence& s) -> std::vector<double> {
    if (s.empty()) return {0.0, 1.0, 0.0, 0.0};
    if (s.size() == 1) return {0.0, 0.55, 0.45, 0.0};
    if (s.size() == 2) return {0.0, 0.8, 0.2, 0.0};
    return {0.0, 0.0, 1.0, 0.0};
  };
  EXPECT_EQ(search(language, 3, 9)[0].symbols.size(), 1U);
  const auto normed = search(language, 3, 9, 1.0);
  EXPECT_EQ(normed[0].symbols.size(), 3U);
  EXPECT_NEAR(normed[0].score, std::log(0.55 * 0.8) / 4.0, 1e-12);
}

TEST(BeamSearch, StopsAtTheLongestThatIsAllowed) {
  const Language endless = [](const Sequence&) { return std::vector<double>{0.7, 0.3, 0.0, 0.0}; };
  const auto found = search(endless, 2, 4);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].symbols, ElementsAre(0, 0, 0, 0));
  EXPECT_FALSE(found[0].finished);
  EXPECT_NEAR(found[0].log_probability, 4 * std::log(0.7), 1e-12);
}

// Each is found as if it were alone, whatever is searched for beside it.
// A model whose figures are not finite has no next symbol: what there is of a sequence is all.
TEST(BeamSearch, EndsWhereNoSymbolHasAProbability) {
  const Language lost = [](const Sequence& s) {
    if (std::ssize(s) < 2) return std::vector<double>{0.7, 0.3, 0.0, 0.0};
    return std::vector<double>(4, std::numeric_limits<double>::quiet_NaN());
  };
  for (const Index beam : {1, 3}) {
    const auto found = search(lost, beam, 9);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].symbols, ElementsAre(0, 0));
    EXPECT_FALSE(found[0].finished);
    EXPECT_NEAR(found[0].log_probability, std::log(0.49), 1e-12);
  }
}

TEST(BeamSearch, OfManyIsThatOfEach) {
  for (const Index beam : {1, 3}) {
    Writer writer(tangled, 3);
    const auto together = beam_search(writer, {beam, 0.0, {2, 6, 4}, {}, begin, end});
    ASSERT_EQ(together.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
      const auto alone = search(tangled, beam, std::array<Index, 3>{2, 6, 4}[k]);
      ASSERT_EQ(together[k].size(), alone.size());
      for (std::size_t i = 0; i < alone.size(); ++i) {
        EXPECT_EQ(together[k][i].symbols, alone[i].symbols);
        EXPECT_EQ(together[k][i].log_probability, alone[i].log_probability);
      }
    }
  }
}

TEST(BeamSearch, NeverWritesWhatMayNotBeWritten) {
  for (const Written& written : search(garden_path, 50, 3)) {
    EXPECT_TRUE(std::isfinite(written.log_probability)) << "no symbol of probability 0";
  }
  Writer writer(garden_path, 1);
  const auto found = beam_search(writer, {9, 0.0, {3}, {1}, begin, end});
  for (const Written& written : found[0]) {
    EXPECT_EQ(std::ranges::count(written.symbols, 1), 0);
    EXPECT_NEAR(written.log_probability,
                log_probability(garden_path, written.symbols, written.finished), 1e-12);
  }
}

TEST(DrawnSequences, AreDrawnByTheirProbabilities) {
  constexpr std::size_t many = 4000;
  Writer writer(garden_path, many);
  BeamOptions options{1, 0.0, std::vector<Index>(many, 1), {}, begin, end};
  const auto all = draw_sequences(writer, options, {}, 7);
  const auto zeros = std::ranges::count_if(
      all, [](const Written& written) { return written.symbols == Sequence{0}; });
  EXPECT_NEAR(double(zeros) / many, 0.6, 0.03);
  EXPECT_NEAR(all[0].log_probability, std::log(all[0].symbols[0] == 0 ? 0.6 : 0.4), 1e-12);
}

TEST(DrawnSequences, DoNotDependOnThoseBesideThem) {
  const auto draw = [](std::vector<Index> most, std::uint64_t seed, std::uint64_t first) {
    Writer writer(tangled, most.size());
    return draw_sequences(writer, {1, 0.0, std::move(most), {}, begin, end}, {}, seed, first);
  };
  const auto together = draw({9, 9, 9, 9}, 3, 5);
  for (std::size_t k = 0; k < 4; ++k) {
    const auto alone = draw({9}, 3, 5 + k);
    EXPECT_EQ(alone[0].symbols, together[k].symbols);
    EXPECT_NEAR(together[k].log_probability,
                log_probability(tangled, together[k].symbols, together[k].finished), 1e-12);
  }
  const auto other = draw({9, 9, 9, 9}, 4, 5);
  EXPECT_FALSE(std::ranges::equal(together, other, {}, &Written::symbols, &Written::symbols));
}

TEST(DrawnSequences, OfTemperatureZeroAreGreedy) {
  Writer writer(garden_path, 1);
  const auto drawn = draw_sequences(writer, {1, 0.0, {9}, {}, begin, end}, {.temperature = 0.0}, 1);
  EXPECT_THAT(drawn[0].symbols, ElementsAre(0));
  EXPECT_TRUE(drawn[0].finished);
}

TEST(BeamSearch, NeedsABeam) {
  EXPECT_THAT(error_of<InputError>([] { search(garden_path, 0, 3); }),
              HasSubstr("got a beam of 0, expected at least 1"));
}

}  // namespace
}  // namespace carousel
