#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernel/tile.hpp"
#include "reference.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

struct Layout {
  Index stride, row_step;
};

template <class T>
class TileSums : public testing::Test {
 protected:
  static std::vector<T> draw(Index n, const char* stream) {
    Random random(57, stream);
    std::vector<T> values(static_cast<std::size_t>(n));
    for (T& v : values) v = static_cast<T>(2.0 * random.uniform() - 1.0);
    return values;
  }

  // Each sum against a loop; elements of `out` that are no sums stay as they are.
  static void check(TileSum kind, Isa isa, Index rows, Index n, Layout of_a, Layout of_b) {
    const bool product =
        kind == TileSum::dot || kind == TileSum::add_dot || kind == TileSum::dot_columns;
    const bool down = kind == TileSum::columns || kind == TileSum::dot_columns;
    const bool adds = kind != TileSum::sum && kind != TileSum::dot;
    const std::vector<T> a = draw(rows * (n + 3) + 3, "a"), b = draw(rows * (n + 3) + 3, "b");
    const Index step = down ? 1 : 2, count = down ? n : rows;
    std::vector<T> out(static_cast<std::size_t>(count * step + 2), T(0.5));
    const std::array<TileArg<T>, 2> args{TileArg<T>{a.data(), of_a.stride, of_a.row_step},
                                         TileArg<T>{b.data(), of_b.stride, of_b.row_step}};
    tile_sum_kernel<T>(kind, isa)(args.data(), {out.data() + 1, step}, rows, n);
    const auto term = [&](Index r, Index i) {
      const auto at = [&](const std::vector<T>& x, Layout l) {
        return Real(x[static_cast<std::size_t>(r * l.row_step + i * l.stride)]);
      };
      return product ? at(a, of_a) * at(b, of_b) : at(a, of_a);
    };
    // Each of so many additions rounds a sum that is not larger than their number.
    const Index terms = 1 + (down ? rows : n);
    const Real bound = Real(terms * terms) * std::numeric_limits<T>::epsilon();
    for (Index k = 0; k < count; ++k) {
      Real exact = adds ? Real(0.5) : Real(0);
      for (Index j = 0; j < (down ? rows : n); ++j) exact += down ? term(j, k) : term(k, j);
      ASSERT_LE(std::abs(exact - Real(out[static_cast<std::size_t>(1 + k * step)])), bound)
          << "sum " << k << " of kind " << static_cast<int>(kind) << ", " << rows << " x " << n
          << ", instruction set " << static_cast<int>(isa);
    }
    EXPECT_EQ(out.front(), T(0.5));
    EXPECT_EQ(out.back(), T(0.5));
    if (!down && rows > 1) {
      EXPECT_EQ(out[2], T(0.5));
    }
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TileSums, Types);

TYPED_TEST(TileSums, MatchALoop) {
  for (const Isa isa : available_isas()) {
    for (const TileSum kind : {TileSum::sum, TileSum::dot, TileSum::add_sum, TileSum::add_dot,
                               TileSum::columns, TileSum::dot_columns}) {
      for (const Index rows : {1, 3, 4, 8, 17, 40}) {
        for (const Index n : {1, 3, 4, 7, 8, 9, 16, 21, 64, 130}) {
          for (const Layout b : {Layout{1, n + 3}, Layout{1, 0}, Layout{0, 1}}) {
            this->check(kind, isa, rows, n, {1, n + 1}, b);
            this->check(kind, isa, rows, n, b, {1, n + 1});
          }
        }
      }
    }
  }
}

TYPED_TEST(TileSums, TwoProductsAreWhatTheirOpsGiveInTurn) {
  using T = TypeParam;
  for (const Isa isa : available_isas()) {
    for (const Index n : {1, 3, 4, 8, 11, 16, 21, 130}) {
      for (int ones = 0; ones < 15; ++ones) {
        constexpr Index rows = 3;
        std::vector<std::vector<T>> x;
        std::array<TileArg<T>, 4> args;
        for (int k = 0; k < 4; ++k) {
          x.push_back(this->draw(rows * (n + 1), std::array{"a", "b", "c", "d"}[std::size_t(k)]));
          args[std::size_t(k)] = {x.back().data(), (ones >> k) & 1 ? 0 : 1, k == 1 ? 0 : n + 1};
        }
        std::vector<T> got(static_cast<std::size_t>(rows * n)), second = got, expected = got;
        tile_sum_kernel<T>(TileSum::products, isa)(args.data(), {got.data(), n}, rows, n);
        tile_kernel<T>(Tile::mul, isa)(args.data() + 2, {second.data(), n}, rows, n);
        const std::array<TileArg<T>, 3> sum{args[0], args[1], {second.data(), 1, n}};
        tile_kernel<T>(Tile::mul_add, isa)(sum.data(), {expected.data(), n}, rows, n);
        ASSERT_EQ(got, expected) << "n " << n << ", ones " << ones;
      }
    }
  }
}

}  // namespace
}  // namespace carousel
