#include "study/importance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xtensor.hpp>

#include "study/settings.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Matrix = xt::xtensor<double, 2>;

// Legendre polynomials on [0, 1], of mean 0 and variance 1 each.
double first_degree(double u) { return std::sqrt(3.0) * (2.0 * u - 1.0); }
double second_degree(double u) { return std::sqrt(5.0) * (6.0 * u * u - 6.0 * u + 1.0); }

// The columns behind the constant one: two of each key, then one of each pair.
std::size_t columns_of(std::size_t keys) { return 1 + 2 * keys + keys * (keys - 1) / 2; }

Matrix design_of(const std::vector<std::vector<double>>& places, std::size_t draws) {
  const std::size_t keys = places.size();
  Matrix design = xt::ones<double>({draws, columns_of(keys)});
  for (std::size_t row = 0; row < draws; ++row) {
    std::size_t column = 1;
    for (std::size_t k = 0; k < keys; ++k) {
      design(row, column++) = first_degree(places[k][row]);
      design(row, column++) = second_degree(places[k][row]);
    }
    for (std::size_t k = 0; k < keys; ++k) {
      for (std::size_t other = k + 1; other < keys; ++other) {
        design(row, column++) = first_degree(places[k][row]) * first_degree(places[other][row]);
      }
    }
  }
  return design;
}

// 1 - (squares of what the fit to all other draws misses) / (squares about the mean): a row of Q
// has the draw's leverage (Allen 1974).
double foretold(const Matrix& q, const xt::xtensor<double, 1>& missed,
                const std::vector<double>& figures) {
  const double mean =
      std::accumulate(figures.begin(), figures.end(), 0.0) / static_cast<double>(figures.size());
  double left = 0.0, all = 0.0;
  for (std::size_t row = 0; row < figures.size(); ++row) {
    double leverage = 0.0;
    for (std::size_t k = 0; k < q.shape()[1]; ++k) leverage += q(row, k) * q(row, k);
    const double error = missed(row) / (1.0 - leverage);
    left += error * error;
    all += (figures[row] - mean) * (figures[row] - mean);
  }
  return 1.0 - left / all;
}

}  // namespace

std::vector<double> places_of(const std::vector<std::string>& values) {
  std::vector<double> numbers;
  for (const std::string& value : values) {
    if (const auto number = number_in(value)) numbers.push_back(*number);
  }
  const bool by_number = numbers.size() == values.size();
  const auto below = [&](std::size_t a, std::size_t b) {
    return by_number ? numbers[a] < numbers[b] : values[a] < values[b];
  };
  std::vector<double> places;
  const auto count = static_cast<double>(values.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    double lower = 0.0, same = 0.0;
    for (std::size_t other = 0; other < values.size(); ++other) {
      if (below(other, k)) lower += 1.0;
      else if (!below(k, other)) same += 1.0;
    }
    places.push_back((lower + same / 2.0) / count);
  }
  return places;
}

Importance importance_of(const std::vector<std::vector<double>>& places,
                         const std::vector<double>& figures) {
  const std::size_t keys = places.size(), draws = figures.size();
  for (const std::vector<double>& key : places) {
    if (key.size() != draws) fail_bug("got {} places of {} draws", key.size(), draws);
  }
  const bool same = std::ranges::adjacent_find(figures, std::not_equal_to<>()) == figures.end();
  if (keys == 0 || draws < columns_of(keys) + 2 || same) return {};
  const Matrix design = design_of(places, draws);
  const auto [q, r] = xt::linalg::qr(design);
  for (std::size_t k = 0; k < columns_of(keys); ++k) {
    if (std::abs(r(k, k)) < 1e-9 * std::abs(r(0, 0))) return {};  // a key that takes few values
  }
  xt::xtensor<double, 1> y = xt::zeros<double>({draws});
  std::ranges::copy(figures, y.begin());
  const xt::xtensor<double, 1> projected = xt::linalg::dot(xt::transpose(q), y);
  const xt::xtensor<double, 1> weights = xt::linalg::solve(r, projected);
  const xt::xtensor<double, 1> missed = y - xt::linalg::dot(q, projected);

  Importance found{std::vector<double>(keys), std::vector(keys, std::vector<double>(keys)),
                   foretold(q, missed, figures)};
  double all = 0.0;
  for (std::size_t k = 1; k < columns_of(keys); ++k) all += weights(k) * weights(k);
  std::size_t column = 1;
  for (double& share : found.alone) {
    share = (weights(column) * weights(column) + weights(column + 1) * weights(column + 1)) / all;
    column += 2;
  }
  for (std::size_t k = 0; k < keys; ++k) {
    for (std::size_t other = k + 1; other < keys; ++other, ++column) {
      found.pairs[k][other] = found.pairs[other][k] = weights(column) * weights(column) / all;
    }
  }
  return found;
}

}  // namespace carousel
