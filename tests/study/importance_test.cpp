#include "study/importance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "tensor/random.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;

// [keys][draws], drawn evenly.
std::vector<std::vector<double>> drawn(std::size_t keys, std::size_t draws) {
  Random random(3, "places");
  std::vector<std::vector<double>> places(keys, std::vector<double>(draws));
  for (auto& key : places) {
    for (double& place : key) place = random.uniform();
  }
  return places;
}

TEST(Importance, SplitsWhatAPolynomialIsMadeOf) {
  const auto places = drawn(3, 40);
  std::vector<double> figures;
  for (std::size_t k = 0; k < 40; ++k) {
    const double a = 2 * places[0][k] - 1, b = places[1][k], c = 2 * places[2][k] - 1;
    // Variances over (0, 1): (2 a)^2 has 4 / 3; 3 (6 b^2 - 6 b + 1) has 9 / 5; a c has 1 / 9.
    figures.push_back(7.0 + 2 * a + 3 * (6 * b * b - 6 * b + 1) + a * c);
  }
  const Importance found = importance_of(places, figures);
  ASSERT_TRUE(found.is_known());
  const double all = 4.0 / 3 + 9.0 / 5 + 1.0 / 9;
  EXPECT_NEAR(found.alone[0], 4.0 / 3 / all, 1e-12);
  EXPECT_NEAR(found.alone[1], 9.0 / 5 / all, 1e-12);
  EXPECT_NEAR(found.alone[2], 0.0, 1e-12);
  EXPECT_NEAR(found.pairs[0][2], 1.0 / 9 / all, 1e-12);
  EXPECT_EQ(found.pairs[2][0], found.pairs[0][2]);
  EXPECT_NEAR(found.pairs[0][1], 0.0, 1e-12);
  EXPECT_NEAR(found.pairs[1][2], 0.0, 1e-12);
  EXPECT_NEAR(found.foretold, 1.0, 1e-12);
}

// What a parabola through the least squares of the points says at `at`, by the normal equations.
double parabola(const std::vector<double>& x, const std::vector<double>& y, double at) {
  std::array<std::array<double, 4>, 3> m{};
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column) {
        m[std::size_t(row)][std::size_t(column)] += std::pow(x[k], row + column);
      }
      m[std::size_t(row)][3] += y[k] * std::pow(x[k], row);
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {  // Gauss and Jordan
    for (std::size_t row = 0; row < 3; ++row) {
      const double factor = row == i ? 0.0 : m[row][i] / m[i][i];
      for (std::size_t column = 0; column < 4; ++column) m[row][column] -= factor * m[i][column];
    }
  }
  return m[0][3] / m[0][0] + at * m[1][3] / m[1][1] + at * at * m[2][3] / m[2][2];
}

TEST(Importance, ForetellsADrawFromAllOthers) {
  const std::vector<double> places = drawn(1, 15)[0];
  Random random(5, "noise");
  std::vector<double> figures;
  for (const double place : places) figures.push_back(place + 0.2 * random.normal());
  const double mean = std::accumulate(figures.begin(), figures.end(), 0.0) / 15.0;
  double missed = 0.0, all = 0.0;
  for (std::size_t left_out = 0; left_out < 15; ++left_out) {
    std::vector<double> x = places, y = figures;
    x.erase(x.begin() + std::ptrdiff_t(left_out));
    y.erase(y.begin() + std::ptrdiff_t(left_out));
    missed += std::pow(figures[left_out] - parabola(x, y, places[left_out]), 2);
    all += std::pow(figures[left_out] - mean, 2);
  }
  EXPECT_NEAR(importance_of({places}, figures).foretold, 1.0 - missed / all, 1e-9);
}

TEST(Importance, IsNotKnownFromTooLittle) {
  EXPECT_FALSE(importance_of(drawn(3, 11), std::vector<double>(11, 1.0)).is_known());
  std::vector<double> figures(40);
  for (std::size_t k = 0; k < 40; ++k) figures[k] = double(k);
  EXPECT_TRUE(importance_of(drawn(3, 40), figures).is_known());
  EXPECT_FALSE(importance_of(drawn(3, 40), std::vector<double>(40, 2.0)).is_known());
  EXPECT_FALSE(importance_of({}, figures).is_known());
  // A key that takes one value: its columns are no more than the constant one.
  auto constant = drawn(2, 40);
  constant[1].assign(40, 0.5);
  EXPECT_FALSE(importance_of(constant, figures).is_known());
  figures.resize(11);
  EXPECT_FALSE(importance_of(drawn(3, 11), figures).is_known());
  figures.push_back(3.0);
  EXPECT_TRUE(importance_of(drawn(3, 12), figures).is_known());
}

TEST(Places, AreMidRanks) {
  EXPECT_THAT(places_of({"1e-3", "2", "0.5", "10"}), ElementsAre(0.125, 0.625, 0.375, 0.875));
  EXPECT_THAT(places_of({"relu", "tanh", "relu", "elu"}),
              ElementsAre(testing::DoubleEq(0.5), 0.875, testing::DoubleEq(0.5), 0.125));
  EXPECT_THAT(
      places_of({"10", "9", "a"}),
      ElementsAre(testing::DoubleEq(1.0 / 6), testing::DoubleEq(0.5), testing::DoubleEq(5.0 / 6)));
}

}  // namespace
}  // namespace carousel
