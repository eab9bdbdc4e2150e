// A value must not depend on where it lies in a tile: only then do results not depend on how
// work is cut over threads.

#include <gtest/gtest.h>

#include <array>

#include "reference.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr Index longest = 70;  // four vectors of sixteen floats and a remainder

// Small values beside huge ones, zero and NaN: a function that takes another way for a whole
// vector when one lane needs it must still give the other lanes the same bits.
template <class T>
std::vector<T> draw(const char* stream) {
  std::vector<T> values(longest);
  Random random(21, stream);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double width = i % 3 == 0 ? std::pow(10.0, 12.0 * random.uniform() - 6.0) : 4.0;
    values[i] = static_cast<T>(width * (2.0 * random.uniform() - 1.0));
  }
  values[3] = std::numeric_limits<T>::quiet_NaN();
  values[5] = T(0);
  values[40] = std::numeric_limits<T>::denorm_min();
  return values;
}

template <class T>
class TileLayout : public testing::Test {
 protected:
  const std::vector<T> a = draw<T>("a"), b = draw<T>("b"), c = draw<T>("c");

  // Calls f(tile, isa) for every kernel there is.
  template <class F>
  static void each_kernel(F f) {
    for (const auto& [tile, name] : all_tiles()) {
      for (const Isa isa : available_isas()) {
        SCOPED_TRACE(name + " " + std::string(isa_name(isa)));
        f(tile, isa);
        if (testing::Test::HasFailure()) return;
      }
    }
  }

  std::vector<T> alone(Tile tile, Isa isa) const {
    std::vector<T> values(longest);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = run_one<T>(tile, isa, a[i], b[i], c[i]);
    }
    return values;
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TileLayout, Types);

TYPED_TEST(TileLayout, EveryLengthAndOffsetGivesTheSameBits) {
  using T = TypeParam;
  TestFixture::each_kernel([this](Tile tile, Isa isa) {
    const std::vector<T> expected = this->alone(tile, isa);
    for (Index n = 0; n <= longest; ++n) {
      const Index start = longest - n;           // also moves the operands off their alignment
      std::vector<T> out(longest + 16, T(-77));  // room for a vector too much
      const TileArg<T> args[] = {
          {this->a.data() + start, 1}, {this->b.data() + start, 1}, {this->c.data() + start, 1}};
      tile_kernel<T>(tile, isa)(args, {out.data()}, 1, n);
      for (Index i = 0; i < n; ++i) {
        ASSERT_TRUE(same_bits(out[static_cast<std::size_t>(i)],
                              expected[static_cast<std::size_t>(start + i)]))
            << "length " << n << ", element " << i;
      }
      for (auto i = static_cast<std::size_t>(n); i < out.size(); ++i) {
        ASSERT_EQ(out[i], T(-77)) << "wrote behind length " << n;
      }
    }
  });
}

// xsimd reduces the angles of a whole vector in the way that its largest one needs.
TYPED_TEST(TileLayout, NeighboursDoNotMatter) {
  using T = TypeParam;
  std::vector<T> xs(5000);
  Random random(22, "neighbours");
  for (std::size_t i = 0; i < xs.size(); ++i) {
    xs[i] = static_cast<T>((i % 2 == 0 ? 4.0 : 200.0) * (2.0 * random.uniform() - 1.0));
  }
  const std::vector<T> neighbours = {
      T(0.1), T(-1.2), T(30), T(1000), T(1e6), T(1e30), std::numeric_limits<T>::quiet_NaN()};
  TestFixture::each_kernel([&](Tile tile, Isa isa) {
    if (tile_arity(tile) != 1) return;
    const TileKernel<T> kernel = tile_kernel<T>(tile, isa);
    int differ = 0;
    for (const T x : xs) {
      const T expected = run_one<T>(tile, isa, x);
      for (const T neighbour : neighbours) {
        std::vector<T> in(16, neighbour), out(16);
        in[5] = x;
        const TileArg<T> args[] = {{in.data(), 1}};
        kernel(args, {out.data()}, 1, 16);
        const bool both_nan = std::isnan(out[5]) && std::isnan(expected);
        differ += same_bits(out[5], expected) || both_nan ? 0 : 1;
      }
    }
    EXPECT_EQ(differ, 0) << "of " << xs.size() * neighbours.size() << " values";
  });
}

TYPED_TEST(TileLayout, StrideZeroRepeatsOneValue) {
  using T = TypeParam;
  TestFixture::each_kernel([this](Tile tile, Isa isa) {
    const int arity = tile_arity(tile);
    for (int fixed = 0; fixed < (1 << arity); ++fixed) {
      const auto stride = [fixed](int k) { return Index((fixed >> k) & 1 ? 0 : 1); };
      const TileArg<T> args[] = {
          {this->a.data(), stride(0)}, {this->b.data(), stride(1)}, {this->c.data(), stride(2)}};
      std::vector<T> out(longest, T(-77));
      tile_kernel<T>(tile, isa)(args, {out.data()}, 1, longest);
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto at = [&](int k) { return stride(k) == 0 ? 0 : i; };
        const T expected = run_one<T>(tile, isa, this->a[at(0)], this->b[at(1)], this->c[at(2)]);
        ASSERT_TRUE(same_bits(out[i], expected)) << "element " << i << ", fixed " << fixed;
      }
    }
  });
}

TYPED_TEST(TileLayout, OutputMayBeAnyOperand) {
  using T = TypeParam;
  TestFixture::each_kernel([this](Tile tile, Isa isa) {
    const std::vector<T> expected = this->alone(tile, isa);
    for (int reused = 0; reused < tile_arity(tile); ++reused) {
      std::vector<T> operands[] = {this->a, this->b, this->c};
      const TileArg<T> args[] = {
          {operands[0].data(), 1}, {operands[1].data(), 1}, {operands[2].data(), 1}};
      T* out = operands[reused].data();
      tile_kernel<T>(tile, isa)(args, {out}, 1, longest);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_TRUE(same_bits(out[i], expected[i])) << "operand " << reused << ", element " << i;
      }
    }
  });
}

// Rows of a tile lie with gaps, each operand with steps of its own; a step of 0 repeats a row.
TYPED_TEST(TileLayout, RowsGiveTheSameBitsAsRowByRow) {
  using T = TypeParam;
  constexpr Index rows = 3;
  const std::vector<std::array<Index, 3>> row_steps = {
      {20, 20, 20}, {19, 23, 21}, {0, 23, 19}, {23, 0, 0}};
  TestFixture::each_kernel([&](Tile tile, Isa isa) {
    const TileKernel<T> kernel = tile_kernel<T>(tile, isa);
    for (const auto& steps : row_steps) {
      for (const Index n : {1, 3, 16, 19}) {
        for (int fixed = 0; fixed < (1 << tile_arity(tile)); ++fixed) {
          std::array<TileArg<T>, 3> args{
              {{this->a.data(), 1}, {this->b.data(), 1}, {this->c.data(), 1}}};
          for (std::size_t k = 0; k < args.size(); ++k) {
            args[k].row_step = steps[k];
            if ((fixed >> k) & 1) args[k].stride = 0;
          }
          std::vector<T> got(70, T(-77)), expected = got;
          kernel(args.data(), {got.data(), 22}, rows, n);
          for (Index r = 0; r < rows; ++r) {
            kernel(args.data(), {expected.data() + r * 22}, 1, n);
            for (TileArg<T>& arg : args) arg.data += arg.row_step;
          }
          for (std::size_t i = 0; i < got.size(); ++i) {
            ASSERT_TRUE(same_bits(got[i], expected[i]))
                << "n " << n << ", element " << i << ", fixed " << fixed;
          }
        }
      }
    }
  });
}

// With a row step of 0 each row goes on from the row before: that is how rows are summed.
TYPED_TEST(TileLayout, RowsInPlaceGiveTheSameBitsAsRowByRow) {
  using T = TypeParam;
  constexpr Index rows = 3;
  TestFixture::each_kernel([this](Tile tile, Isa isa) {
    const TileKernel<T> kernel = tile_kernel<T>(tile, isa);
    for (std::size_t reused = 0; reused < std::size_t(tile_arity(tile)); ++reused) {
      for (const Index row_step : {0, 19, 23}) {
        for (const Index n : {1, 3, 16, 19}) {
          std::array<std::vector<T>, 3> whole{this->a, this->b, this->c}, by_row = whole;
          const auto args_in = [&](auto& operands, Index row) {
            std::array<TileArg<T>, 3> args{};
            for (std::size_t k = 0; k < args.size(); ++k) {
              const Index step = k == reused ? row_step : 21;
              args[k] = {operands[k].data() + row * step, 1, step};
            }
            return args;
          };
          kernel(args_in(whole, 0).data(), {whole[reused].data(), row_step}, rows, n);
          for (Index r = 0; r < rows; ++r) {
            kernel(args_in(by_row, r).data(), {by_row[reused].data() + r * row_step}, 1, n);
          }
          for (std::size_t i = 0; i < whole[reused].size(); ++i) {
            ASSERT_TRUE(same_bits(whole[reused][i], by_row[reused][i]))
                << "n " << n << ", element " << i << ", operand " << reused;
          }
        }
      }
    }
  });
}

TYPED_TEST(TileLayout, TheKernelInUseIsThatOfTheActiveIsa) {
  using T = TypeParam;
  for (const auto& [tile, name] : all_tiles()) {
    EXPECT_EQ(tile_kernel<T>(tile), tile_kernel<T>(tile, active_isa())) << name;
  }
}

}  // namespace
}  // namespace carousel
