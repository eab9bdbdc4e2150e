// Products over rows against a plain loop. All numbers are small and whole, so that each sum is
// exact in any order and results must be equal.

#include "kernel/row_panels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr Index spare = 3;  // elements between the end of a row and the next one

// Rows with gaps; what lies in the gaps is NaN, so that reading it shows.
template <class T>
struct Rows {
  Rows(Index row_count, Index column_count, Random& random)
      : columns(column_count),
        step(column_count + spare),
        data(static_cast<std::size_t>(row_count * step), std::numeric_limits<T>::quiet_NaN()) {
    for (Index r = 0; r < row_count; ++r) {
      for (Index i = 0; i < columns; ++i) at(r, i) = static_cast<T>(double(random.below(17)) - 8.0);
    }
  }
  T& at(Index r, Index i) { return data[static_cast<std::size_t>(r * step + i)]; }
  const T* row(Index r) const { return data.data() + r * step; }

  Index columns, step;
  std::vector<T> data;
};

// c (+)= a^T b, in double.
template <class T>
void multiply(Rows<T>& a, Rows<T>& b, Index rows, bool accumulate, std::vector<double>& c) {
  if (!accumulate) std::fill(c.begin(), c.end(), 0.0);
  for (Index r = 0; r < rows; ++r) {
    double* sum = c.data();
    for (Index i = 0; i < a.columns; ++i) {
      for (Index j = 0; j < b.columns; ++j) *sum++ += double(a.at(r, i)) * double(b.at(r, j));
    }
  }
}

template <class T>
class RowPanelsTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RowPanelsTest, Types);

const std::vector<Index> widths = {1, 5, 36, 64, 65, 130};

// One product object all along, as in a scan: it must notice that the sizes change. Several fills
// of the same panels, so that what an earlier one left behind the rows would show.
TYPED_TEST(RowPanelsTest, ProductsMatchAPlainLoop) {
  using T = TypeParam;
  Random random(41, "row panels");
  for (const Index left : widths) {
    for (const Index right : widths) {
      RowPanels<T> a(left), b(right);
      RowProduct<T> product;
      std::vector<T> c(static_cast<std::size_t>(left * right) + 16,
                       std::numeric_limits<T>::quiet_NaN());
      std::vector<double> expected(static_cast<std::size_t>(left * right));
      int fill = 0;
      for (const Index rows : {1024, 1, 512, 15, 513, 16, 255}) {
        SCOPED_TRACE(testing::Message() << left << " x " << right << ", " << rows << " rows");
        Rows<T> from_a(rows, left, random), from_b(rows, right, random);
        a.clear();
        b.clear();
        a.append(from_a.row(0), from_a.step, rows);
        b.append(from_b.row(0), from_b.step, rows);
        a.pad();
        b.pad();
        ASSERT_EQ(a.rows(), b.rows());
        ASSERT_GE(a.rows(), rows);
        const bool accumulate = fill++ % 3 != 0;
        product.run(a, b, accumulate, c.data());
        multiply(from_a, from_b, rows, accumulate, expected);
        for (std::size_t i = 0; i < expected.size(); ++i) {
          ASSERT_EQ(double(c[i]), expected[i]) << "element " << i << ", accumulate " << accumulate;
        }
        for (std::size_t i = expected.size(); i < c.size(); ++i) {
          ASSERT_TRUE(std::isnan(c[i])) << "wrote behind the result";
        }
      }
    }
  }
}

// The rows of a scan come a chunk at a time.
TYPED_TEST(RowPanelsTest, RowsMayComeInPieces) {
  using T = TypeParam;
  Random random(42, "pieces");
  constexpr Index rows = 600, left = 65, right = 130;
  Rows<T> from_a(rows, left, random), from_b(rows, right, random);
  RowPanels<T> a(left), b(right);
  for (Index done = 0; done < rows;) {
    const Index count = std::min<Index>(rows - done, 1 + Index(random.below(100)));
    a.append(from_a.row(done), from_a.step, count);
    done += count;
    EXPECT_EQ(a.rows(), done);
  }
  b.append(from_b.row(0), from_b.step, rows);
  a.pad();
  b.pad();
  RowProduct<T> product;
  std::vector<T> c(left * right);
  product.run(a, b, false, c.data());
  std::vector<double> expected(c.size());
  multiply(from_a, from_b, rows, false, expected);
  for (std::size_t i = 0; i < c.size(); ++i) ASSERT_EQ(double(c[i]), expected[i]) << i;
}

// A scan whose sequences give no rows for it still asks for the product.
TYPED_TEST(RowPanelsTest, PaddingWholeRowsAddsNone) {
  RowPanels<TypeParam> panels(5);
  panels.pad();
  EXPECT_EQ(panels.rows(), 0);
  const std::vector<TypeParam> rows(5 * 32, TypeParam(1));
  panels.append(rows.data(), 5, 32);
  panels.pad();
  EXPECT_EQ(panels.rows(), 32);
  EXPECT_EQ(panels.columns(), 5);
}

TYPED_TEST(RowPanelsTest, TransposeSwapsRowsAndColumnsAndLeavesGaps) {
  using T = TypeParam;
  Random random(43, "transpose");
  for (const Index rows : {1, 3, 7, 33, 65, 131}) {
    for (const Index columns : {1, 5, 17, 64, 129}) {
      Rows<T> from(rows, columns, random);
      const Index to_step = rows + spare;
      std::vector<T> to(static_cast<std::size_t>(columns * to_step), T(-77));
      transpose(rows, columns, from.row(0), from.step, to.data(), to_step);
      for (Index c = 0; c < columns; ++c) {
        for (Index r = 0; r < to_step; ++r) {
          const T expected = r < rows ? from.at(r, c) : T(-77);
          ASSERT_EQ(to[static_cast<std::size_t>(c * to_step + r)], expected)
              << rows << " x " << columns << " at " << r << ", " << c;
        }
      }
    }
  }
}

}  // namespace
}  // namespace carousel
