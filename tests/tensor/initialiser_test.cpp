#include "tensor/initialiser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <class T>
Tensor<T> draw(const Initialiser& init, const Shape& shape, const char* stream = "init") {
  return initialise<T>(init, shape, Random(71, stream));
}

struct Range {
  double low, high, mean, variance;
};

Range range_of(const Tensor<double>& t) {
  const auto values = t.values();
  const double n = static_cast<double>(t.numel());
  Range range{*std::min_element(values.begin(), values.end()),
              *std::max_element(values.begin(), values.end()), 0, 0};
  for (const double v : values) range.mean += v / n;
  for (const double v : values) range.variance += (v - range.mean) * (v - range.mean) / n;
  return range;
}

// Largest distance of the Gram matrix of the shorter side from gain^2 times the identity.
template <class T>
double gram_error(const Tensor<T>& t, double gain) {
  const Index rows = t.shape()[0], cols = t.shape()[1];
  const bool wide = rows < cols;
  const Index count = std::min(rows, cols), length = std::max(rows, cols);
  const auto at = [&](Index vector, Index i) {
    return static_cast<double>(t.data()[wide ? vector * cols + i : i * cols + vector]);
  };
  double worst = 0.0;
  for (Index a = 0; a < count; ++a) {
    for (Index b = 0; b < count; ++b) {
      double dot = 0.0;
      for (Index i = 0; i < length; ++i) dot += at(a, i) * at(b, i);
      worst = std::max(worst, std::abs(dot - (a == b ? gain * gain : 0.0)));
    }
  }
  return worst;
}

const std::vector<Shape> matrices = {{6, 6}, {9, 4}, {4, 9}, {1, 5}, {5, 1}, {1, 1}, {40, 37}};

TEST(Orthogonal, RowsOrColumnsAreOrthonormal) {
  for (const Shape& shape : matrices) {
    for (const double gain : {1.0, 0.5, 3.0}) {
      const auto q = draw<double>(Initialiser::orthogonal(gain), shape);
      EXPECT_EQ(q.shape(), shape);
      EXPECT_LE(gram_error(q, gain), 1e-13 * gain * gain) << shape.to_string() << ", " << gain;
      const auto single = draw<float>(Initialiser::orthogonal(gain), shape);
      EXPECT_LE(gram_error(single, gain), 1e-6 * gain * gain) << shape.to_string();
    }
  }
}

// LAPACK alone makes the diagonal of R negative, which would favour one half of the matrices.
TEST(Orthogonal, HasNoPreferredSign) {
  int positive = 0;
  for (int i = 0; i < 400; ++i) {
    const auto q = initialise<double>(Initialiser::orthogonal(), {3, 3},
                                      Random(1, Random::hash("sign", std::uint64_t(i))));
    positive += q.data()[0] > 0 ? 1 : 0;
  }
  EXPECT_NEAR(positive, 200, 50);  // five standard deviations
}

TEST(Initialise, FloatAndDoubleAgreeButForRounding) {
  for (const Initialiser& init :
       {Initialiser::constant(0.1), Initialiser::uniform(2.0), Initialiser::normal(0.3),
        Initialiser::glorot(), Initialiser::orthogonal(1.5), Initialiser::uniform(-1.0, 3.0),
        Initialiser::identity(0.1), Initialiser::chrono(100)}) {
    for (const Shape& shape : matrices) {
      const auto exact = draw<double>(init, shape);
      const auto single = draw<float>(init, shape);
      for (Index i = 0; i < exact.numel(); ++i) {
        ASSERT_EQ(single.data()[i], static_cast<float>(exact.data()[i])) << init.to_string();
      }
    }
  }
}

TEST(Initialise, ConstantFillsAnyShape) {
  const auto constant = draw<double>(Initialiser::constant(-1.5), {2, 1, 3});
  for (const double v : constant.values()) EXPECT_EQ(v, -1.5);
  EXPECT_EQ(draw<float>(Initialiser::zeros(), {}).item(), 0.0f);
  EXPECT_EQ(draw<float>(Initialiser::ones(), {1}).item(), 1.0f);
}

TEST(Initialise, UniformFillsItsRange) {
  const double limit = 0.2;
  const Range r = range_of(draw<double>(Initialiser::uniform(limit), {100, 100}));
  EXPECT_GE(r.low, -limit);
  EXPECT_LE(r.high, limit);
  EXPECT_LT(r.low, -0.999 * limit);
  EXPECT_GT(r.high, 0.999 * limit);
  EXPECT_NEAR(r.mean, 0.0, 5 * limit / std::sqrt(3.0 * 10000));
}

TEST(Initialise, UniformBetweenTwoEnds) {
  const Range r = range_of(draw<double>(Initialiser::uniform(0.9, 0.999), {100, 100}));
  EXPECT_GE(r.low, 0.9);
  EXPECT_LE(r.high, 0.999);
  EXPECT_LT(r.low, 0.9001);
  EXPECT_GT(r.high, 0.9989);
  EXPECT_NEAR(r.mean, 0.9495, 5 * 0.099 / std::sqrt(12.0 * 10000));
  EXPECT_NEAR(r.variance, 0.099 * 0.099 / 12, 5e-5);
}

TEST(Initialise, IdentityIsOneOnTheDiagonal) {
  const auto wide = draw<double>(Initialiser::identity(), {2, 3});
  EXPECT_THAT(wide.values(), testing::ElementsAre(1, 0, 0, 0, 1, 0));
  const auto tall = draw<float>(Initialiser::identity(0.5), {3, 2});
  EXPECT_THAT(tall.values(), testing::ElementsAre(0.5f, 0, 0, 0.5f, 0, 0));
}

// e^v is uniform in [1, 99].
TEST(Initialise, ChronoIsTheLogarithmOfUniformTimes) {
  auto drawn = draw<double>(Initialiser::chrono(100), {10000});
  for (double& v : drawn.values()) v = std::exp(v);
  const Range r = range_of(drawn);
  EXPECT_GE(r.low, 1.0);
  EXPECT_LE(r.high, 99.0 + 1e-12);
  EXPECT_LT(r.low, 1.1);
  EXPECT_GT(r.high, 98.9);
  EXPECT_NEAR(r.mean, 50.0, 5 * 98 / std::sqrt(12.0 * 10000));
  EXPECT_NEAR(r.variance, 98.0 * 98 / 12, 0.05 * 98 * 98 / 12);
}

TEST(Initialise, ChronoWantsMoreThanTwoSteps) {
  for (const double n : {2.0, 0.0, -5.0, std::nan("")}) {
    EXPECT_THAT([&] { Initialiser::chrono(n); },
                testing::ThrowsMessage<InputError>(HasSubstr("above 2")))
        << n;
  }
}

TEST(Initialise, NormalHasItsDeviation) {
  const Range r = range_of(draw<double>(Initialiser::normal(0.3), {20, 10, 50}));
  EXPECT_NEAR(r.mean, 0.0, 5 * 0.3 / 100);
  EXPECT_NEAR(r.variance, 0.09, 5 * 0.09 * std::sqrt(2.0 / 10000));
}

TEST(Initialise, GlorotUsesBothFans) {
  const double limit = std::sqrt(6.0 / (150 + 50));
  const Range r = range_of(draw<double>(Initialiser::glorot(), {150, 50}));
  EXPECT_GE(r.low, -limit);
  EXPECT_LE(r.high, limit);
  EXPECT_LT(r.low, -0.998 * limit);
  EXPECT_GT(r.high, 0.998 * limit);
  EXPECT_NEAR(r.variance, limit * limit / 3, 0.05 * limit * limit / 3);
}

TEST(Initialise, GlorotOrthogonalAndIdentityWantAMatrix) {
  for (const Initialiser& init :
       {Initialiser::glorot(), Initialiser::orthogonal(), Initialiser::identity()}) {
    for (const Shape& shape : {Shape{5}, Shape{2, 3, 4}, Shape{}}) {
      try {
        draw<float>(init, shape);
        FAIL() << init.to_string() << " took " << shape.to_string();
      } catch (const InputError& error) {
        const std::string kind = init.to_string();
        EXPECT_THAT(error.what(), AllOf(HasSubstr(kind.substr(0, kind.find('('))),
                                        HasSubstr(shape.to_string()), HasSubstr("matrix")));
      }
    }
  }
}

TEST(Initialise, OneStreamGivesOneTensor) {
  const auto a = draw<double>(Initialiser::normal(1.0), {50}, "a");
  const auto again = draw<double>(Initialiser::normal(1.0), {50}, "a");
  const auto b = draw<double>(Initialiser::normal(1.0), {50}, "b");
  EXPECT_TRUE(std::ranges::equal(a.values(), again.values()));
  EXPECT_FALSE(std::ranges::equal(a.values(), b.values()));
}

TEST(Initialise, NamesTellTheScale) {
  EXPECT_EQ(Initialiser::glorot().to_string(), "glorot");
  EXPECT_EQ(Initialiser::uniform(0.1).to_string(), "uniform(0.1)");
  EXPECT_EQ(Initialiser::uniform(0.9, 0.999).to_string(), "uniform(0.9, 0.999)");
  EXPECT_EQ(Initialiser::identity(0.5).to_string(), "identity(0.5)");
  EXPECT_EQ(Initialiser::chrono(100).to_string(), "chrono(100)");
  EXPECT_EQ(Initialiser::minus("b_f").to_string(), "minus(b_f)");
  EXPECT_THAT(Initialiser::orthogonal(2.5).to_string(), HasSubstr("orthogonal(2.5"));
}

TEST(Initialiser, SparseKeepsAShare) {
  const auto t = draw<double>(Initialiser::sparse(0.25), {100, 100});
  const auto kept = std::ranges::count_if(t.values(), [](double v) { return v != 0.0; });
  EXPECT_NEAR(static_cast<double>(kept), 2500.0, 150.0);
  EXPECT_NEAR(range_of(t).variance, 0.25, 0.02);
}

TEST(Initialiser, PermutationHasAOneInEachRowAndColumn) {
  const auto t = draw<double>(Initialiser::permutation(), {7, 7});
  EXPECT_LE(gram_error(t, 1.0), 0.0);
  EXPECT_NEAR(range_of(t).mean, 1.0 / 7.0, 1e-15);
  EXPECT_NE(t.data()[0] + t.data()[8] + t.data()[16] + t.data()[24], 4.0);  // not the identity
}

// The powers of a matrix grow as those of its largest eigenvalue.
TEST(Initialiser, SpectralScalesTheLargestEigenvalue) {
  const auto t = draw<double>(Initialiser::spectral(0.9), {6, 6});
  std::vector<double> v(6, 1.0);
  double growth = 0.0;
  constexpr int steps = 4000;
  for (int step = 0; step < steps; ++step) {
    std::vector<double> next(6, 0.0);
    for (std::size_t i = 0; i < 6; ++i) {
      for (std::size_t j = 0; j < 6; ++j) next[i] += t.data()[i * 6 + j] * v[j];
    }
    double size = 0.0;
    for (const double n : next) size += n * n;
    size = std::sqrt(size);
    for (std::size_t i = 0; i < 6; ++i) v[i] = next[i] / size;
    growth += std::log(size) / steps;
  }
  EXPECT_NEAR(std::exp(growth), 0.9, 1e-3);
}

TEST(Initialiser, HippoIsTheMatrixOfLegS) {
  const auto t = draw<double>(Initialiser::hippo(), {3, 3});
  const double expected[] = {-1, 0, 0, -std::sqrt(3.0), -2, 0, -std::sqrt(5.0), -std::sqrt(15.0),
                             -3};
  for (int i = 0; i < 9; ++i) EXPECT_DOUBLE_EQ(t.data()[i], expected[i]) << i;
}

TEST(Initialiser, SquareOnesNeedASquareMatrix) {
  for (const auto& init :
       {Initialiser::permutation(), Initialiser::spectral(0.9), Initialiser::hippo()}) {
    EXPECT_THROW(draw<double>(init, {2, 3}), InputError) << init.to_string();
  }
}

}  // namespace
}  // namespace carousel
