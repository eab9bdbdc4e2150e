#include "layer/masks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "layer/pass.hpp"

namespace carousel {
namespace {

const MaskValues half = MaskValues::dropout(0.5, Supply::Often::step);

std::vector<float> numbers(const Tensor<float>& t) {
  return {t.values().begin(), t.values().end()};
}

TEST(Masks, HitWithTheRate) {
  const Masks masks({3, 7}, 0);
  for (const double rate : {0.0, 0.002, 0.1, 0.5, 0.9, 0.998}) {
    const auto mask = masks.draw<double>("m", {50, 20, 100}, {rate, 1.0, 0.0});
    double hits = 0.0;
    for (const double v : mask.values()) hits += v;
    EXPECT_NEAR(hits / 1e5, rate, 5.0 * std::sqrt(rate * (1.0 - rate) / 1e5)) << rate;
  }
}

TEST(Masks, OfDropoutHaveTheMeanOne) {
  const MaskValues values = MaskValues::dropout(0.2, Supply::Often::sequence);
  EXPECT_EQ(values.hit, 0.0);
  EXPECT_EQ(values.miss, 1.25);
  EXPECT_EQ(values.often, Supply::Often::sequence);
}

TEST(Masks, AreFunctionsOfSeedUpdateNameAndPlace) {
  const Shape shape{5, 3, 6};
  const auto at = [&](std::uint64_t seed, std::int64_t update, const char* name) {
    return numbers(Masks({seed, update}, 0).draw<float>(name, shape, half));
  };
  const auto mask = at(1, 2, "m");
  EXPECT_EQ(mask, at(1, 2, "m"));
  EXPECT_NE(mask, at(2, 2, "m"));
  EXPECT_NE(mask, at(1, 3, "m"));
  EXPECT_NE(mask, at(1, 2, "n"));
}

// The second and third example of a batch are the first two of a pass that begins there.
TEST(Masks, DoNotDependOnHowABatchIsCut) {
  const auto whole = Masks({1, 2}, 0).draw<float>("m", {5, 3, 6}, half);
  const auto part = Masks({1, 2}, 1).draw<float>("m", {5, 2, 6}, half);
  for (Index t = 0; t < 5; ++t) {
    for (Index i = 0; i < 12; ++i) {
      EXPECT_EQ(part.data()[t * 12 + i], whole.data()[t * 18 + 6 + i]);
    }
  }
}

TEST(Masks, OfASequenceAreTheSameAtEachStep) {
  const auto mask = Masks({1, 2}, 0).draw<float>("m", {4, 2, 9},
                                                 MaskValues::dropout(0.5, Supply::Often::sequence));
  for (Index t = 1; t < 4; ++t) {
    EXPECT_TRUE(std::equal(mask.data(), mask.data() + 18, mask.data() + t * 18));
  }
  const auto values = numbers(mask);
  EXPECT_FALSE(std::equal(values.begin(), values.begin() + 9, values.begin() + 9));
}

TEST(Dropout, ScalesWhatStaysAndLeavesEvaluationAlone) {
  Tape<double> tape;
  const ParameterView none({}, {});
  const Masks masks({1, 1}, 0);
  const Var x = tape.leaf(Tensor<double>::full({2, 1, 4}, 3.0));
  const MaskValues quarter = MaskValues::dropout(0.25, Supply::Often::step);
  EXPECT_EQ(dropout(Pass(tape, none), x, "d", quarter).id, x.id);
  EXPECT_EQ(
      dropout(Pass(tape, none, &masks), x, "d", MaskValues::dropout(0.0, Supply::Often::step)).id,
      x.id);
  const Var y = dropout(Pass(tape, none, &masks), x, "d", quarter);
  const auto mask = masks.draw<double>("d", {2, 1, 4}, quarter);
  for (Index i = 0; i < 8; ++i) EXPECT_EQ(tape.value(y).data()[i], 3.0 * mask.data()[i]);
}

TEST(Noise, IsStandardNormalAndAFunctionOfSeedUpdateNameAndPlace) {
  const Shape shape{50, 4, 40};
  const auto draw = [&](const MaskSeed& seed, Index first, std::string_view name) {
    const auto noise = Masks(seed, first).normal<double>(name, shape);
    return std::vector<double>(noise.values().begin(), noise.values().end());
  };
  const auto all = draw({1, 2}, 0, "n");
  double mean = 0.0, square = 0.0;
  const auto count = static_cast<double>(all.size());
  for (const double v : all) mean += v / count, square += v * v / count;
  EXPECT_NEAR(mean, 0.0, 4.0 / std::sqrt(count));
  EXPECT_NEAR(square, 1.0, 4.0 * std::sqrt(2.0 / count));
  EXPECT_EQ(draw({1, 2}, 0, "n"), all);
  EXPECT_NE(draw({1, 3}, 0, "n"), all);
  EXPECT_NE(draw({2, 2}, 0, "n"), all);
  EXPECT_NE(draw({1, 2}, 0, "m"), all);
  const auto later = draw({1, 2}, 1, "n");
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(later[i], all[40 + i]) << "of the second example";
}

TEST(Noise, IsAddedInTrainingAlone) {
  Tape<double> tape;
  const ParameterView none({}, {});
  const Masks masks({1, 1}, 0);
  const Var x = tape.leaf(Tensor<double>::full({2, 1, 4}, 3.0));
  EXPECT_EQ(noisy(Pass(tape, none), x, "n", 0.5).id, x.id);
  EXPECT_EQ(noisy(Pass(tape, none, &masks), x, "n", 0.0).id, x.id);
  const Var y = noisy(Pass(tape, none, &masks), x, "n", 0.5);
  const auto noise = masks.normal<double>("n", {2, 1, 4});
  for (Index i = 0; i < 8; ++i) {
    EXPECT_NEAR(tape.value(y).data()[i], 3.0 + 0.5 * noise.data()[i], 1e-15);
  }
}

}  // namespace
}  // namespace carousel
