#include "kernel/gemm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tensor/error.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

struct Sizes {
  bool trans_a, trans_b;
  Index m, n, k, spare;  // spare: elements between the end of a row and the next one
};

// A stored matrix; what lies between the rows is NaN, so that reading it shows.
template <class T>
struct Stored {
  Stored(Index row_count, Index col_count, Index spare, Random& random)
      : stride(col_count + spare),
        data(static_cast<std::size_t>(row_count * (col_count + spare)),
             std::numeric_limits<T>::quiet_NaN()) {
    for (Index i = 0; i < row_count; ++i) {
      // Small whole numbers: every sum is exact, in any order.
      for (Index j = 0; j < col_count; ++j) at(i, j) = T(double(random.below(17)) - 8.0);
    }
  }
  T& at(Index i, Index j) { return data[static_cast<std::size_t>(i * stride + j)]; }

  Index stride;
  std::vector<T> data;
};

template <class T>
void check(const Sizes& s, T beta, Random& random) {
  Stored<T> a(s.trans_a ? s.k : s.m, s.trans_a ? s.m : s.k, s.spare, random);
  Stored<T> b(s.trans_b ? s.n : s.k, s.trans_b ? s.k : s.n, s.spare, random);
  Stored<T> c(s.m, s.n, s.spare, random);
  if (beta == T(0)) {  // memory of an arena is not initialised
    std::fill(c.data.begin(), c.data.end(), std::numeric_limits<T>::quiet_NaN());
  }
  std::vector<T> expected;
  for (Index i = 0; i < s.m; ++i) {
    for (Index j = 0; j < s.n; ++j) {
      T sum = beta == T(0) ? T(0) : beta * c.at(i, j);
      for (Index l = 0; l < s.k; ++l) {
        sum += (s.trans_a ? a.at(l, i) : a.at(i, l)) * (s.trans_b ? b.at(j, l) : b.at(l, j));
      }
      expected.push_back(sum);
    }
  }
  gemm<T>(s.trans_a, s.trans_b, s.m, s.n, s.k, a.data.data(), a.stride, b.data.data(), b.stride,
          beta, c.data.data(), c.stride);
  std::size_t next = 0;
  for (Index i = 0; i < s.m; ++i) {
    for (Index j = 0; j < s.n; ++j) ASSERT_EQ(c.at(i, j), expected[next++]) << i << ", " << j;
    for (Index j = s.n; j < c.stride; ++j) ASSERT_TRUE(std::isnan(c.at(i, j))) << "between rows";
  }
}

template <class T>
class Gemm : public testing::Test {
 protected:
  // Every m, n, k in 0..17, for each transpose; leading dimensions alternate.
  static void check_all(T beta) {
    Random random(41, "gemm");
    for (int transposes = 0; transposes < 4; ++transposes) {
      for (Index size = 0; size < 18 * 18 * 18; ++size) {
        const Index m = size % 18, n = size / 18 % 18, k = size / 18 / 18;
        const Sizes s{(transposes & 1) != 0, (transposes & 2) != 0, m, n, k, (m + n + k) % 2 * 3};
        SCOPED_TRACE(fmt::format("{}{} m {}, n {}, k {}, spare {}", s.trans_a ? "T" : "N",
                                 s.trans_b ? "T" : "N", m, n, k, s.spare));
        check<T>(s, beta, random);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Types);

TYPED_TEST(Gemm, OverwritesWithBetaZero) { TestFixture::check_all(TypeParam(0)); }

TYPED_TEST(Gemm, AccumulatesWithBetaOne) { TestFixture::check_all(TypeParam(1)); }

TYPED_TEST(Gemm, ScalesWithAnyBeta) {
  Random random(42, "beta");
  for (const Index k : {0, 1, 5})
    check<TypeParam>({false, true, 4, 3, k, 2}, TypeParam(-2), random);
}

TYPED_TEST(Gemm, LargeProductsMatchTheLoopToo) {
  Random random(43, "large");
  for (int transposes = 0; transposes < 4; ++transposes) {
    const bool a = (transposes & 1) != 0, b = (transposes & 2) != 0;
    check<TypeParam>({a, b, 65, 130, 97, 5}, TypeParam(1), random);
    // By blocks, with a part of one left over on every side.
    for (const double beta : {0.0, 1.0, 2.0}) {
      check<TypeParam>({a, b, 135, 70, 1100, 3}, TypeParam(beta), random);
    }
    check<TypeParam>({a, b, 33, 1041, 130, 0}, TypeParam(0), random);
  }
}

TYPED_TEST(Gemm, KeepsNan) {
  using T = TypeParam;
  const std::vector<T> a = {std::numeric_limits<T>::quiet_NaN(), T(0)};
  const std::vector<T> b = {T(0), T(1)};
  T c = T(7);
  gemm<T>(false, false, 1, 1, 2, a.data(), 2, b.data(), 1, T(0), &c, 1);
  EXPECT_TRUE(std::isnan(c));
}

}  // namespace
}  // namespace carousel
