// Products of numbers rounded to bf16 against plain loops over rounded numbers.

#include "kernel/bf16.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "kernel/packed_matrix.hpp"
#include "kernel/row_panels.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {
namespace {

constexpr float infinite = std::numeric_limits<float>::infinity();

// To the nearest, ties to even, in whole numbers.
float rounded(float value) {
  if (std::isnan(value)) return value;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
}

float first_of(Bf16Pair pair) { return std::bit_cast<float>(pair << 16); }
float second_of(Bf16Pair pair) { return std::bit_cast<float>(pair & 0xffff0000); }

Tensor<float> normal(const Shape& shape, const std::string& name) {
  return initialise<float>(Initialiser::normal(1.0), shape, Random(1, name));
}

class Bf16 : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
  }
};

TEST(Bf16Rounding, IsForFloatAlone) {
  EXPECT_TRUE(rounds<float>(Rounding::bf16));
  EXPECT_FALSE(rounds<float>(Rounding::none));
  EXPECT_FALSE(rounds<double>(Rounding::bf16));
}

TEST_F(Bf16, NumbersAreRoundedToTheNearestTiesToEven) {
  const float unit = std::ldexp(1.0f, -7);  // between numbers from 1 to 2
  std::vector<float> values{
      0.0f,      1.0f,     1.0f + unit / 2, 1.0f + 3 * unit / 2, -1.0f - unit / 2, 3e38f,
      3.4e38f,   -3.4e38f, infinite,        -infinite,           1e-37f,           0.1f,
      -123.456f, 65504.0f};
  const auto more = normal({87}, "numbers");
  values.insert(values.end(), more.values().begin(), more.values().end());
  const auto n = std::ssize(values);
  std::vector<Bf16Pair> pairs(std::size_t(n) / 2 + 33, 0xdeadbeef);
  bf16_kernels().round(n, values.data(), pairs.data());
  for (Index i = 0; i < n; ++i) {
    const Bf16Pair pair = pairs[std::size_t(i) / 2];
    EXPECT_EQ(i % 2 == 0 ? first_of(pair) : second_of(pair), rounded(values[std::size_t(i)])) << i;
  }
  EXPECT_EQ(n % 2, 1);
  EXPECT_EQ(second_of(pairs[std::size_t(n) / 2]), 0.0f);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  bf16_kernels().round(1, &nan, pairs.data());
  EXPECT_TRUE(std::isnan(first_of(pairs[0])));
}

TEST_F(Bf16, RowsAreInterleavedOneByOneToo) {
  for (const Index n : {1, 15, 16, 17, 48}) {
    const auto first = normal({n}, "first"), second = normal({n}, "second");
    std::vector<Bf16Pair> both(64, 0xdeadbeef), in_turn = both;
    bf16_kernels().interleave(n, first.data(), second.data(), both.data());
    bf16_kernels().interleave(n, first.data(), nullptr, in_turn.data());
    for (Index i = 0; i < n; ++i) {
      const auto at = std::size_t(i);
      EXPECT_EQ(first_of(both[at]), rounded(first.data()[i]));
      EXPECT_EQ(second_of(both[at]), rounded(second.data()[i]));
      EXPECT_EQ(first_of(in_turn[at]), rounded(first.data()[i]));
      EXPECT_EQ(second_of(in_turn[at]), 0.0f);
    }
    bf16_kernels().interleave(n, nullptr, second.data(), in_turn.data());
    for (Index i = 0; i < (n + 15) / 16 * 16; ++i) {
      EXPECT_EQ(both[std::size_t(i)], in_turn[std::size_t(i)]) << i << " of " << n;
    }
  }
}

// Rows with gaps times a stack of matrices, or its transpose; what is behind the columns of c
// stays.
void expect_products(Index m, const std::vector<Index>& part_rows, Index columns, bool transpose) {
  std::vector<MatrixPart<float>> parts;
  Index all_rows = 0;
  for (const Index rows : part_rows) all_rows += rows;
  const auto stack = normal({all_rows, columns}, "stack");
  const float* from = stack.data();
  for (const Index rows : part_rows) {
    parts.push_back({from, rows, columns, columns});
    from += rows * columns;
  }
  PackedMatrix<float> matrix;
  matrix.pack(parts, transpose, Rounding::bf16);
  const Index k = matrix.rows(), n = matrix.columns(), lda = k + 3, ldc = n + 5;
  const auto a = normal({m, lda}, "a");
  for (const bool accumulate : {false, true}) {
    auto c = normal({m, ldc}, "c");
    const auto before = c.clone();
    matrix.multiply(m, a.data(), lda, accumulate, c.data(), ldc);
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < ldc; ++j) {
        double expected = j < n && !accumulate ? 0.0 : double(before.data()[i * ldc + j]);
        for (Index q = 0; j < n && q < k; ++q) {
          const Index at = transpose ? j * columns + q : q * columns + j;
          expected += double(rounded(a.data()[i * lda + q])) * double(rounded(stack.data()[at]));
        }
        ASSERT_NEAR(c.data()[i * ldc + j], expected, 1e-6 * double(k + 1))
            << m << " x " << n << " x " << k << " at " << i << ", " << j;
      }
    }
  }
}

TEST_F(Bf16, PackedMatricesMultiplyAnySizeAndStack) {
  for (const Index m : {1, 3, 10, 25, 64, 65, 130}) {
    for (const std::vector<Index>& rows :
         std::vector<std::vector<Index>>{{1}, {35, 36, 37}, {63, 2}, {64}, {130}}) {
      for (const Index columns : {1, 5, 31, 36, 88, 144}) {
        for (const bool transpose : {true, false}) expect_products(m, rows, columns, transpose);
      }
    }
  }
}

// A scan's rows come a chunk at a time, and a chunk may end inside a pair.
TEST_F(Bf16, ProductsOverRowsMatchAPlainLoop) {
  for (const Index left : {1, 36, 65, 130}) {
    for (const Index right : {5, 64, 144}) {
      RowPanels<float> a(left), b(right);
      RowProduct<float> product;
      std::vector<float> c(std::size_t(left * right) + 16, -77.0f);
      std::vector<double> expected(std::size_t(left * right));
      bool accumulate = false;
      for (const Index rows : {1024, 1, 513, 16, 255}) {
        const auto from_a = normal({rows, left}, "a"), from_b = normal({rows, right}, "b");
        a.clear(Rounding::bf16);
        b.clear(Rounding::bf16);
        Random random(7, "pieces");
        for (Index done = 0; done < rows;) {
          const Index count = std::min<Index>(rows - done, 1 + Index(random.below(100)));
          a.append(from_a.data() + done * left, left, count);
          done += count;
        }
        b.append(from_b.data(), right, rows);
        a.pad();
        b.pad();
        product.run(a, b, accumulate, c.data());
        if (!accumulate) std::fill(expected.begin(), expected.end(), 0.0);
        for (Index r = 0; r < rows; ++r) {
          for (Index i = 0; i < left * right; ++i) {
            expected[std::size_t(i)] += double(rounded(from_a.data()[r * left + i / right])) *
                                        double(rounded(from_b.data()[r * right + i % right]));
          }
        }
        for (std::size_t i = 0; i < expected.size(); ++i) {
          ASSERT_NEAR(c[i], expected[i], 1e-3)
              << left << " x " << right << ", " << rows << ": " << i;
        }
        for (std::size_t i = expected.size(); i < c.size(); ++i) ASSERT_EQ(c[i], -77.0f);
        accumulate = true;
      }
    }
  }
}

// A scan in bf16 may follow one in float that left the same memory, and the other way round.
TEST_F(Bf16, TheSameObjectsRoundOrNot) {
  const auto w = normal({36, 20}, "w"), a = normal({7, 36}, "a");
  const MatrixPart<float> part{w.data(), 36, 20, 20};
  PackedMatrix<float> matrix;
  std::vector<float> sums;
  for (const Rounding rounding : {Rounding::none, Rounding::bf16, Rounding::none}) {
    matrix.pack({&part, 1}, false, rounding);
    std::vector<float> c(7 * 20);
    matrix.multiply(7, a.data(), 36, false, c.data(), 20);
    double expected = 0.0;
    for (Index q = 0; q < 36; ++q) {
      const float x = a.data()[q], y = w.data()[q * 20];
      expected += rounding == Rounding::none ? double(x) * double(y)
                                             : double(rounded(x)) * double(rounded(y));
    }
    EXPECT_NEAR(c[0], expected, 1e-5);
    sums.push_back(c[0]);
  }
  EXPECT_EQ(sums[0], sums[2]);
  EXPECT_GT(std::abs(sums[0] - sums[1]), 1e-4);
}

}  // namespace
}  // namespace carousel
