// NaN, infinity and saturation. A kernel that hides a NaN hides a diverged run.

#include <gtest/gtest.h>

#include "reference.hpp"

namespace carousel {
namespace {

template <class T>
class TileSpecial : public testing::Test {
 protected:
  static constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  static constexpr T inf = std::numeric_limits<T>::infinity();

  // Calls f with the kernel of each instruction set as a function of one value.
  template <class F>
  static void each_isa(Tile tile, F f) {
    for (const Isa isa : available_isas()) {
      SCOPED_TRACE(isa_name(isa));
      f([tile, isa](T x) { return run_one<T>(tile, isa, x); });
    }
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TileSpecial, Types);

TYPED_TEST(TileSpecial, UnaryKernelsKeepNan) {
  for (const auto& [tile, name] : all_tiles()) {
    if (tile_arity(tile) != 1 || tile == Tile::step) continue;  // step is a comparison
    TestFixture::each_isa(tile, [&, &name = name](auto f) {
      EXPECT_TRUE(std::isnan(f(TestFixture::nan))) << name;
      EXPECT_TRUE(std::isnan(f(-TestFixture::nan))) << name;
    });
  }
}

TYPED_TEST(TileSpecial, ArithmeticKeepsNanOnEitherSide) {
  using T = TypeParam;
  for (const Tile tile : {Tile::add, Tile::sub, Tile::mul, Tile::div}) {
    for (const Isa isa : available_isas()) {
      EXPECT_TRUE(std::isnan(run_one<T>(tile, isa, TestFixture::nan, T(2))));
      EXPECT_TRUE(std::isnan(run_one<T>(tile, isa, T(2), TestFixture::nan)));
    }
  }
}

TYPED_TEST(TileSpecial, ExtremesKeepNanOnEitherSide) {
  using T = TypeParam;
  for (const Tile tile : {Tile::maximum, Tile::minimum}) {
    for (const Isa isa : available_isas()) {
      EXPECT_TRUE(std::isnan(run_one<T>(tile, isa, TestFixture::nan, T(2)))) << isa_name(isa);
      EXPECT_TRUE(std::isnan(run_one<T>(tile, isa, T(2), TestFixture::nan))) << isa_name(isa);
    }
  }
}

// A NaN in the branch that is not taken must not leak: masked losses rely on it.
TYPED_TEST(TileSpecial, WhereDropsNanOfTheOtherBranch) {
  using T = TypeParam;
  for (const Isa isa : available_isas()) {
    EXPECT_EQ(run_one<T>(Tile::where, isa, T(1), T(4), TestFixture::nan), T(4));
    EXPECT_EQ(run_one<T>(Tile::where, isa, T(0), TestFixture::nan, T(4)), T(4));
    EXPECT_TRUE(std::isnan(run_one<T>(Tile::where, isa, T(1), TestFixture::nan, T(4))));
  }
}

// The comparison != of xsimd takes NaN for 0 on some instruction sets.
TYPED_TEST(TileSpecial, WhereTakesTheFirstBranchOfANanCondition) {
  using T = TypeParam;
  for (const Isa isa : available_isas()) {
    EXPECT_EQ(run_one<T>(Tile::where, isa, TestFixture::nan, T(4), T(5)), T(4)) << isa_name(isa);
  }
}

TYPED_TEST(TileSpecial, SigmoidSaturates) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::sigmoid, [](auto sigmoid) {
    for (const T x : {T(1000), std::numeric_limits<T>::max(), TestFixture::inf}) {
      EXPECT_EQ(sigmoid(x), T(1)) << x;
      EXPECT_EQ(sigmoid(-x), T(0)) << x;
    }
    EXPECT_EQ(sigmoid(T(0)), T(0.5));
  });
}

TYPED_TEST(TileSpecial, TanhSaturates) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::tanh, [](auto tanh) {
    for (const T x : {T(100), T(1000), std::numeric_limits<T>::max(), TestFixture::inf}) {
      EXPECT_EQ(tanh(x), T(1)) << x;
      EXPECT_EQ(tanh(-x), T(-1)) << x;
    }
  });
}

TYPED_TEST(TileSpecial, TanhOfTheSmallestNumbersIsExact) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::tanh, [](auto tanh) {
    const T denormal = std::numeric_limits<T>::denorm_min();
    for (const T x : {T(0), denormal, 5 * denormal, std::numeric_limits<T>::min()}) {
      EXPECT_TRUE(same_bits(tanh(x), x)) << x;
      EXPECT_TRUE(same_bits(tanh(-x), -x)) << -x;
    }
  });
}

TYPED_TEST(TileSpecial, SoftplusNeitherOverflowsNorVanishesEarly) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::softplus, [](auto softplus) {
    EXPECT_EQ(softplus(T(1000)), T(1000));
    EXPECT_EQ(softplus(std::numeric_limits<T>::max()), std::numeric_limits<T>::max());
    EXPECT_EQ(softplus(TestFixture::inf), TestFixture::inf);
    EXPECT_EQ(softplus(T(-1000)), T(0));
    EXPECT_EQ(softplus(-TestFixture::inf), T(0));
    EXPECT_GT(softplus(T(-80)), T(0));
  });
}

TYPED_TEST(TileSpecial, ExpAndLogReachTheirLimits) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::exp, [](auto exp) {
    EXPECT_EQ(exp(T(0)), T(1));
    EXPECT_EQ(exp(T(1000)), TestFixture::inf);
    EXPECT_EQ(exp(TestFixture::inf), TestFixture::inf);
    EXPECT_EQ(exp(T(-1000)), T(0));
    EXPECT_EQ(exp(-TestFixture::inf), T(0));
  });
  TestFixture::each_isa(Tile::log, [](auto log) {
    EXPECT_EQ(log(T(0)), -TestFixture::inf);
    EXPECT_EQ(log(T(1)), T(0));
    EXPECT_EQ(log(TestFixture::inf), TestFixture::inf);
    EXPECT_TRUE(std::isnan(log(T(-1))));
  });
  TestFixture::each_isa(Tile::sqrt, [](auto sqrt) { EXPECT_TRUE(std::isnan(sqrt(T(-1)))); });
}

TYPED_TEST(TileSpecial, SineAndCosineOfInfinityAreNan) {
  for (const Tile tile : {Tile::sin, Tile::cos}) {
    TestFixture::each_isa(tile, [](auto f) { EXPECT_TRUE(std::isnan(f(TestFixture::inf))); });
  }
}

TYPED_TEST(TileSpecial, SignsAndStepsOfInfinityAndZero) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::relu, [](auto relu) {
    EXPECT_EQ(relu(TestFixture::inf), TestFixture::inf);
    EXPECT_EQ(relu(-TestFixture::inf), T(0));
  });
  TestFixture::each_isa(Tile::sign, [](auto sign) {
    EXPECT_EQ(sign(TestFixture::inf), T(1));
    EXPECT_EQ(sign(-TestFixture::inf), T(-1));
    EXPECT_EQ(sign(T(0)), T(0));
  });
  TestFixture::each_isa(Tile::step, [](auto step) { EXPECT_EQ(step(T(0)), T(0)); });
}

TYPED_TEST(TileSpecial, FloorKeepsWholeNumbersOfAnySize) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::floor, [](auto floor) {
    const T whole = T(1) / std::numeric_limits<T>::epsilon();
    for (const T x :
         {T(0), T(3), whole, 4 * whole, std::numeric_limits<T>::max(), TestFixture::inf}) {
      EXPECT_EQ(floor(x), x);
      EXPECT_EQ(floor(-x), -x);
    }
    EXPECT_EQ(floor(whole / 2 - T(0.5)), whole / 2 - T(1));
    EXPECT_EQ(floor(T(0.5) - whole / 2), -whole / 2);
    EXPECT_EQ(floor(-std::numeric_limits<T>::denorm_min()), T(-1));
  });
}

TYPED_TEST(TileSpecial, ErfSaturates) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::erf, [](auto erf) {
    for (const T x : {T(100), std::numeric_limits<T>::max(), TestFixture::inf}) {
      EXPECT_EQ(erf(x), T(1)) << x;
      EXPECT_EQ(erf(-x), T(-1)) << x;
    }
    EXPECT_EQ(erf(T(0)), T(0));
  });
}

TYPED_TEST(TileSpecial, ClippedSqrtOfANegativeNumberIsZero) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::clipped_sqrt, [](auto root) {
    EXPECT_EQ(root(T(-1)), T(0));
    EXPECT_EQ(root(-TestFixture::inf), T(0));
    EXPECT_EQ(root(TestFixture::inf), TestFixture::inf);
  });
}

TYPED_TEST(TileSpecial, NegationOfZeroIsMinusZero) {
  using T = TypeParam;
  TestFixture::each_isa(Tile::neg, [](auto neg) {
    EXPECT_TRUE(std::signbit(neg(T(0))));
    EXPECT_FALSE(std::signbit(neg(T(-0.0))));
  });
}

}  // namespace
}  // namespace carousel
