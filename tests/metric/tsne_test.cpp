// t-SNE: its similarities, its gradient, and maps of points whose neighbours are known.

#include "metric/tsne.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "temporary_folder.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Tensor<double> normal(const Shape& shape, std::uint64_t seed) {
  Random random(seed, "points");
  auto out = Tensor<double>::uninitialised(shape);
  for (double& value : out.values()) value = random.normal();
  return out;
}

// Point i is of cluster i % 3; clusters are 30 deviations apart.
Tensor<double> clusters(Index n, Index d) {
  Tensor<double> points = normal({n, d}, 5);
  for (Index i = 0; i < n; ++i) points.data()[i * d + i % 3] += 30.0;
  return points;
}

Tensor<double> similarities(const Tensor<double>& points, double perplexity) {
  return joint_similarities(neighbour_shares(points, perplexity));
}

double squared_distance(const Tensor<double>& points, Index i, Index j) {
  const Index d = points.shape()[1];
  double sum = 0.0;
  for (Index k = 0; k < d; ++k) {
    const double difference = points.data()[i * d + k] - points.data()[j * d + k];
    sum += difference * difference;
  }
  return sum;
}

TEST(Tsne, EachRowIsAGaussianOfThePerplexityThatWasAskedFor) {
  constexpr Index n = 40;
  // Of any scale: the width is found from the data.
  for (const double scale : {1e-6, 1.0, 1e6}) {
    Tensor<double> points = normal({n, 5}, 1);
    for (double& value : points.values()) value *= scale;
    for (const double perplexity : {1.5, 4.0, 13.0}) {
      const Tensor<double> shares = neighbour_shares(points, perplexity);
      for (Index i = 0; i < n; ++i) {
        const double* row = shares.data() + i * n;
        double sum = 0.0, entropy = 0.0;
        for (Index j = 0; j < n; ++j) {
          sum += row[j];
          if (row[j] > 0.0) entropy -= row[j] * std::log(row[j]);
        }
        EXPECT_EQ(row[i], 0.0);
        EXPECT_NEAR(sum, 1.0, 1e-12);
        EXPECT_NEAR(std::exp(entropy), perplexity, 1.1e-5);
        // log p_a - log p_b is as the difference of the squared distances, for all b alike.
        const Index a = i == 0 ? 1 : 0, b = i == 2 ? 3 : 2, c = i == 4 ? 5 : 4;
        if (row[a] < 1e-100 || row[b] < 1e-100 || row[c] < 1e-100) continue;
        const auto distance = [&](Index j) { return squared_distance(points, i, j); };
        const double ab = std::log(row[a] / row[b]) * (distance(c) - distance(a));
        const double ac = std::log(row[a] / row[c]) * (distance(b) - distance(a));
        EXPECT_NEAR(ab, ac, 1e-9 * std::abs(ab));
      }
    }
  }
}

TEST(Tsne, JointSimilaritiesAreSymmetricAndSumToOne) {
  constexpr Index n = 12;
  const Tensor<double> shares = neighbour_shares(normal({n, 3}, 2), 3.0);
  const Tensor<double> joint = joint_similarities(shares);
  double sum = 0.0;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      sum += joint.data()[i * n + j];
      EXPECT_EQ(joint.data()[i * n + j], joint.data()[j * n + i]);
    }
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_NEAR(joint.data()[1], (shares.data()[1] + shares.data()[n]) / (2.0 * n), 1e-16);
}

// By hand: two points at distance 1 and p = 1/2 for either order; q is 1/2 too.
TEST(Tsne, DivergenceIsZeroWhereBothDistributionsAreTheSame) {
  const auto joint = Tensor<double>::from({2, 2}, {0.0, 0.5, 0.5, 0.0});
  EXPECT_NEAR(tsne_divergence(joint, Tensor<double>::from({2, 2}, {0, 0, 0, 1})), 0.0, 1e-15);
  // Three points with w = 1/2, 1/5 and 1/2 for distances 1, 2, 1 on a line: q = 5/24, 2/24, 5/24.
  const double p = 1.0 / 6.0;
  const auto even = Tensor<double>::from({3, 3}, {0, p, p, p, 0, p, p, p, 0});
  EXPECT_NEAR(tsne_divergence(even, Tensor<double>::from({3, 2}, {0, 0, 1, 0, 2, 0})),
              (4.0 * std::log(p * 24.0 / 5.0) + 2.0 * std::log(p * 12.0)) * p, 1e-14);
}

// More points than are done together, so that the seams are in the test.
TEST(Tsne, GradientIsThatOfDifferences) {
  constexpr Index n = 300;
  const Tensor<double> joint = similarities(normal({n, 6}, 3), 10.0);
  const Tensor<double> places = normal({n, 2}, 4);
  const Tensor<double> gradient = tsne_gradient(joint, places);
  double largest = 0.0;
  for (const double value : gradient.values()) largest = std::max(largest, std::abs(value));
  ASSERT_GT(largest, 1e-3);
  for (Index k = 0; k < 2 * n; k += 37) {
    constexpr double step = 1e-4;
    const auto moved = [&](double by) {
      Tensor<double> other = places.clone();
      other.data()[k] += by;
      return tsne_divergence(joint, other);
    };
    const double slope =
        (8.0 * (moved(step) - moved(-step)) - moved(2 * step) + moved(-2 * step)) / (12.0 * step);
    EXPECT_NEAR(gradient.data()[k], slope, 1e-6 * largest);
  }
}

TEST(Tsne, ClustersStayApart) {
  constexpr Index n = 90;
  // Fewer dimensions than points, and more.
  for (const Index d : {Index{4}, Index{200}}) {
    const Tensor<double> places = tsne(clusters(n, d), 10.0);
    ASSERT_EQ(places.shape(), (Shape{n, 2}));
    for (Index i = 0; i < n; ++i) {
      Index nearest = i == 0 ? 1 : 0;
      for (Index j = 0; j < n; ++j) {
        if (j == i) continue;
        if (squared_distance(places, i, j) < squared_distance(places, i, nearest)) nearest = j;
      }
      EXPECT_EQ(nearest % 3, i % 3) << "point " << i << " of " << d << " dimensions";
    }
  }
}

TEST(Tsne, DivergenceFallsFarBelowThatOfTheStart) {
  const Tensor<double> points = normal({120, 8}, 6);
  const Tensor<double> joint = similarities(points, 15.0);
  const double at_start = tsne_divergence(joint, Tensor<double>::zeros({120, 2}));
  const Tensor<double> places = tsne(points, 15.0);
  EXPECT_LT(tsne_divergence(joint, places), 0.6 * at_start);
  // A minimum: no coordinate has a slope to speak of.
  const Tensor<double> slopes = tsne_gradient(joint, places);
  for (const double slope : slopes.values()) EXPECT_NEAR(slope, 0.0, 5e-5);
}

TEST(Tsne, IsTheSameEachTimeAndOfAnyScale) {
  const Tensor<double> points = normal({50, 6}, 7);
  const Tensor<double> places = tsne(points, 8.0), again = tsne(points, 8.0);
  Tensor<double> larger = points.clone();
  for (double& value : larger.values()) value *= 1048576.0;  // a power of two: the same bits
  const Tensor<double> of_larger = tsne(larger, 8.0);
  double spread = 0.0;
  for (Index k = 0; k < places.numel(); ++k) {
    EXPECT_EQ(places.data()[k], again.data()[k]);
    EXPECT_NEAR(places.data()[k], of_larger.data()[k], 1e-3);
    spread = std::max(spread, std::abs(places.data()[k]));
  }
  EXPECT_GT(spread, 1.0);
}

TEST(Tsne, PointsInOnePlaceStayThere) {
  Tensor<double> points = normal({40, 3}, 8);
  for (Index k = 0; k < 3 * 12; ++k) points.data()[k] = points.data()[k % 3];
  const Tensor<double> shares = neighbour_shares(points, 5.0);  // eleven others in its place
  EXPECT_NEAR(shares.data()[1], 1.0 / 11.0, 1e-12);
  EXPECT_NEAR(shares.data()[20], 0.0, 1e-12);
  const Tensor<double> places = tsne(points, 5.0);
  for (Index i = 1; i < 12; ++i) EXPECT_NEAR(squared_distance(places, 0, i), 0.0, 1e-6);
  const Tensor<double> same = tsne(Tensor<double>::full({10, 2}, 3.0), 2.0);
  for (const double value : same.values()) EXPECT_EQ(value, 0.0);
  for (Index i = 0; i < 10; ++i) {
    EXPECT_EQ(tsne(normal({10, 1}, 9), 2.0).data()[2 * i + 1], 0.0) << "one dimension: a line";
  }
}

TEST(Tsne, WhatItCanNotMapIsRefused) {
  const auto error = [](const Tensor<double>& points, double perplexity) {
    return error_of<InputError>([&] { tsne(points, perplexity); });
  };
  EXPECT_THAT(error(normal({3, 2}, 1), 1.0), AllOf(HasSubstr("3 points"), HasSubstr("4 at least")));
  EXPECT_THAT(error(normal({8}, 1), 2.0), HasSubstr("[points, dimensions]"));
  EXPECT_THAT(error(normal({31, 2}, 1), 10.01),
              AllOf(HasSubstr("perplexity 10.01"), HasSubstr("31 points"), HasSubstr("10")));
  EXPECT_NO_THROW(neighbour_shares(normal({31, 2}, 1), 10.0));
  EXPECT_THAT(error(normal({31, 2}, 1), 1.0), HasSubstr("more than 1"));
  EXPECT_THAT(error(normal({31, 2}, 1), std::nan("")), HasSubstr("perplexity nan"));
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), 1e200}) {
    Tensor<double> points = normal({31, 2}, 1);
    points.data()[13] = bad;
    EXPECT_THAT(error(points, 5.0), AllOf(HasSubstr("in point 6"), HasSubstr("finite")));
  }
}

}  // namespace
}  // namespace carousel
