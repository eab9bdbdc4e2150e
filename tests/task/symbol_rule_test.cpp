#include "task/symbol_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

// Shares of 20000 draws.
std::array<double, 4> shares(const std::array<double, 4>& logits, const SymbolRule& rule) {
  std::array<double, 4> found{};
  Random random(3, "shares");
  for (int k = 0; k < 20000; ++k) found[draw_symbol(logits, rule, random)] += 1.0 / 20000;
  return found;
}

const std::array<double, 4> logits = {std::log(0.1), std::log(0.4), std::log(0.2), std::log(0.3)};

void expect_near(const std::array<double, 4>& got, const std::array<double, 4>& expected) {
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(got[k], expected[k], 0.02) << k;
}

TEST(SymbolRule, DrawsFromTheSoftmax) { expect_near(shares(logits, {}), {0.1, 0.4, 0.2, 0.3}); }

// At a half, probabilities are squared: 0.01, 0.16, 0.04, 0.09 of 0.3.
TEST(SymbolRule, TheTemperatureDividesTheLogits) {
  expect_near(shares(logits, {.temperature = 0.5}), {0.033, 0.533, 0.133, 0.3});
  expect_near(shares(logits, {.temperature = 0.0}), {0, 1, 0, 0});
}

TEST(SymbolRule, TopKLeavesTheLikeliest) {
  expect_near(shares(logits, {.top_k = 2}), {0, 4.0 / 7, 0, 3.0 / 7});
  expect_near(shares(logits, {.top_k = 9}), {0.1, 0.4, 0.2, 0.3});
  expect_near(shares(logits, {.top_k = 1}), {0, 1, 0, 0});
}

// 0.4 and 0.3 are not 0.75 yet.
TEST(SymbolRule, TopPLeavesTheFewestThatHaveIt) {
  expect_near(shares(logits, {.top_p = 0.75}), {0, 4.0 / 9, 2.0 / 9, 3.0 / 9});
  expect_near(shares(logits, {.top_p = 0.65}), {0, 4.0 / 7, 0, 3.0 / 7});
  expect_near(shares(logits, {.top_p = 0.69}), {0, 4.0 / 7, 0, 3.0 / 7});
  expect_near(shares(logits, {.top_p = 0.91}), {0.1, 0.4, 0.2, 0.3});
  expect_near(shares(logits, {.top_p = 1e-6}), {0, 1, 0, 0});
}

TEST(SymbolRule, NeverDrawsWhatHasNoProbability) {
  const double never = -std::numeric_limits<double>::infinity();
  expect_near(shares({never, 0.0, never, 0.0}, {}), {0, 0.5, 0, 0.5});
}

TEST(SymbolRule, OutOfRangeIsNamed) {
  Random random(1, "x");
  const auto error = [&](const SymbolRule& rule) {
    return error_of<InputError>([&] { draw_symbol(logits, rule, random); });
  };
  EXPECT_THAT(error({.temperature = -1}), HasSubstr("temperature of -1"));
  EXPECT_THAT(error({.temperature = std::nan("")}), HasSubstr("temperature"));
  EXPECT_THAT(error({.top_k = -1}), HasSubstr("top_k -1"));
  EXPECT_THAT(error({.top_p = 0}), HasSubstr("top_p 0"));
}

}  // namespace
}  // namespace carousel
