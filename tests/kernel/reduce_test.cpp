#include "kernel/reduce.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "reference.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

template <class T>
std::vector<T> draw(Index n, double width, const char* stream) {
  Random random(51, stream);
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& v : values) v = static_cast<T>(width * (2.0 * random.uniform() - 1.0));
  return values;
}

template <class T>
class Reduce : public testing::Test {
 protected:
  static constexpr T inf = std::numeric_limits<T>::infinity();
  static constexpr T nan = std::numeric_limits<T>::quiet_NaN();

  static T logsumexp(const std::vector<T>& row) {
    T out = T(-77);
    logsumexp_rows(row.data(), 1, static_cast<Index>(row.size()), &out);
    return out;
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Reduce, Types);

TYPED_TEST(Reduce, SumAxisMatchesALoop) {
  using T = TypeParam;
  for (const Index outer : {1, 3}) {
    for (const Index inner : {1, 2, 17}) {
      for (Index n = 0; n <= 20; ++n) {
        const auto x = draw<T>(outer * n * inner, 2.0, "sum");
        std::vector<T> out(static_cast<std::size_t>(outer * inner), T(-77));
        sum_axis(x.data(), outer, n, inner, out.data());
        for (Index o = 0; o < outer; ++o) {
          for (Index i = 0; i < inner; ++i) {
            Real exact = 0;
            for (Index k = 0; k < n; ++k)
              exact += x[static_cast<std::size_t>((o * n + k) * inner + i)];
            // Each of n additions rounds a sum of at most 2 n.
            const Real bound = Real(2 * n * n) * std::numeric_limits<T>::epsilon();
            ASSERT_LE(std::abs(exact - out[static_cast<std::size_t>(o * inner + i)]), bound)
                << "outer " << outer << ", n " << n << ", inner " << inner;
          }
        }
      }
    }
  }
}

// Summed one by one in float, the ones would be lost.
TEST(ReduceFloat, InnermostSumIsCarriedInDouble) {
  std::vector<float> x(1001, 1.0f);
  x[0] = 16777216.0f;  // 2^24
  float out = 0.0f;
  sum_axis(x.data(), 1, 1001, 1, &out);
  EXPECT_EQ(out, 16778216.0f);
}

TEST(ReduceFloat, SquaresAreCarriedInDouble) {
  const std::vector<float> x = {1e30f, 1e30f};
  EXPECT_NEAR(sum_of_squares(x.data(), 2), 2e60, 1e54);
}

TYPED_TEST(Reduce, SumOfSquaresMatchesALoop) {
  using T = TypeParam;
  for (Index n = 0; n <= 40; ++n) {
    const auto x = draw<T>(n, 3.0, "squares");
    Real exact = 0;
    for (const T v : x) exact += Real(v) * v;
    EXPECT_NEAR(sum_of_squares(x.data(), n), static_cast<double>(exact), 1e-12) << n;
  }
}

TYPED_TEST(Reduce, SumOfSquaresKeepsNan) {
  for (std::size_t at = 0; at < 11; ++at) {
    std::vector<TypeParam> x(11, TypeParam(1));
    x[at] = TestFixture::nan;
    EXPECT_TRUE(std::isnan(sum_of_squares(x.data(), 11))) << at;
  }
}

TYPED_TEST(Reduce, SoftmaxMatchesAReference) {
  using T = TypeParam;
  // Differences of up to 80 are rounded in T in front of exp, and then the result.
  const Real error = (4 + 80 / Real(2)) * Real(std::numeric_limits<T>::epsilon());
  for (const double shift : {0.0, 1e4, -1e4}) {  // its power alone would be infinity or zero
    for (Index n = 1; n <= 35; ++n) {
      const Index outer = 3;
      auto x = draw<T>(outer * n, 20.0, "softmax");
      for (T& v : x) v += static_cast<T>(shift);
      std::vector<T> out(x.size(), T(-77));
      softmax_rows(x.data(), outer, n, out.data());
      for (Index o = 0; o < outer; ++o) {
        const auto at = [&](Index k) { return static_cast<std::size_t>(o * n + k); };
        Real sum = 0;
        for (Index k = 0; k < n; ++k) sum += std::exp(Real(x[at(k)]) - Real(shift));
        for (Index k = 0; k < n; ++k) {
          const Real exact = std::exp(Real(x[at(k)]) - Real(shift)) / sum;
          ASSERT_LE(std::abs(out[at(k)] - exact), exact * error) << "n " << n << ", " << shift;
        }
      }
    }
  }
}

TYPED_TEST(Reduce, SoftmaxOfInfinityOrNanIsNan) {
  using T = TypeParam;
  const T top = TestFixture::inf, none = TestFixture::nan;
  for (const std::vector<T>& row :
       {std::vector<T>{0, top, 1}, {-top, -top, -top}, {none, 0, 1}, {0, 1, none}}) {
    std::vector<T> out(3, T(-77));
    softmax_rows(row.data(), 1, 3, out.data());
    for (const T v : out) EXPECT_TRUE(std::isnan(v)) << row[0] << " " << row[1] << " " << row[2];
  }
  std::vector<T> out(3, T(-77));
  softmax_rows(std::vector<T>{-top, 2, 2}.data(), 1, 3, out.data());
  EXPECT_EQ(out, (std::vector<T>{0, T(0.5), T(0.5)}));
}

TYPED_TEST(Reduce, LogsumexpMatchesAReference) {
  using T = TypeParam;
  for (const double width : {0.1, 5.0, 50.0}) {
    for (Index n = 1; n <= 35; ++n) {
      const Index outer = 3;
      const auto x = draw<T>(outer * n, width, "lse");
      std::vector<T> out(3, T(-77));
      logsumexp_rows(x.data(), outer, n, out.data());
      for (std::size_t o = 0; o < 3; ++o) {
        Real sum = 0;
        for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k) {
          sum += std::exp(Real(x[o * static_cast<std::size_t>(n) + k]));
        }
        const double bound = 4.0 * width * static_cast<double>(std::numeric_limits<T>::epsilon());
        EXPECT_NEAR(
            out[o], static_cast<double>(std::log(sum)),
            std::max(bound, 1e-15) + 8 * static_cast<double>(std::numeric_limits<T>::epsilon()))
            << "n " << n << ", width " << width;
      }
    }
  }
}

TYPED_TEST(Reduce, LogsumexpNeitherOverflowsNorUnderflows) {
  using T = TypeParam;
  const double tolerance = 2000.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  EXPECT_NEAR(TestFixture::logsumexp({T(1000), T(1000)}), 1000.0 + std::log(2.0), tolerance);
  EXPECT_NEAR(TestFixture::logsumexp({T(-1000), T(-1000), T(-5000)}), -1000.0 + std::log(2.0),
              tolerance);
  const T huge = std::numeric_limits<T>::max();
  EXPECT_EQ(TestFixture::logsumexp({huge, -huge, huge}), huge);
  EXPECT_EQ(TestFixture::logsumexp({T(-3)}), T(-3));
}

TYPED_TEST(Reduce, LogsumexpOfInfinities) {
  using T = TypeParam;
  const T infinite = TestFixture::inf;
  EXPECT_EQ(TestFixture::logsumexp({-infinite, -infinite}), -infinite);
  EXPECT_EQ(TestFixture::logsumexp({-infinite, T(2), -infinite}), T(2));
  EXPECT_EQ(TestFixture::logsumexp({T(1), infinite, T(2)}), infinite);
}

TYPED_TEST(Reduce, LogsumexpKeepsNanAtAnyPlace) {
  using T = TypeParam;
  for (const T other : {T(1), -TestFixture::inf, TestFixture::inf}) {
    for (std::size_t at = 0; at < 9; ++at) {
      std::vector<T> row(9, other);
      row[at] = TestFixture::nan;
      ASSERT_TRUE(std::isnan(TestFixture::logsumexp(row)))
          << "NaN at " << at << " among " << other << " gave " << TestFixture::logsumexp(row);
    }
  }
}

TYPED_TEST(Reduce, TheLargestOfARow) {
  using T = TypeParam;
  const std::vector<T> x = {3, 7, 7, -TestFixture::inf, -2, -1, 4, TestFixture::nan, 9};
  std::vector<T> top(3), first(9, T(5));
  max_rows(x.data(), 3, 3, top.data());
  first_max_rows(x.data(), 3, 3, first.data());
  EXPECT_EQ(top[0], T(7));
  EXPECT_EQ(top[1], T(-1));
  EXPECT_TRUE(std::isnan(top[2]));
  EXPECT_EQ(first, (std::vector<T>{0, 1, 0, 0, 0, 1, 0, 1, 0}));
}

// A million tenths: carried in float, the last sum would be 0.96 % too large.
TYPED_TEST(Reduce, RunningSumsAreCarriedInDouble) {
  using T = TypeParam;
  const std::vector<T> x(1000000, T(0.1));
  std::vector<T> forward(x.size()), reverse(x.size());
  cumsum_rows(x.data(), 1, 1000000, false, forward.data());
  cumsum_rows(x.data(), 1, 1000000, true, reverse.data());
  EXPECT_EQ(forward.front(), T(0.1));
  EXPECT_EQ(reverse.back(), T(0.1));
  EXPECT_NEAR(forward.back(), 1e6 * static_cast<double>(T(0.1)), 0.01);
  EXPECT_EQ(reverse.front(), forward.back());
  EXPECT_NEAR(forward[1], 0.2, 1e-7);
}

}  // namespace
}  // namespace carousel
