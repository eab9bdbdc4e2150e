// The fused kernels against the plain kernels that they stand for, run in turn.

#include <gtest/gtest.h>

#include <array>

#include "reference.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

template <class T>
struct Fused {
  Tile tile;
  std::string name;
  Isa isa;

  T plain(Tile kernel, T a, T b = T(0)) const { return run_one<T>(kernel, isa, a, b); }

  T in_turn(T a, T b, T c) const {
    switch (tile) {
      case Tile::add_sigmoid: return plain(Tile::sigmoid, plain(Tile::add, a, b));
      case Tile::add_tanh: return plain(Tile::tanh, plain(Tile::add, a, b));
      case Tile::add_relu: return plain(Tile::relu, plain(Tile::add, a, b));
      case Tile::mul_step: return plain(Tile::mul, a, plain(Tile::step, b));
      case Tile::mul_add: return plain(Tile::add, plain(Tile::mul, a, b), c);
      case Tile::mul_mul: return plain(Tile::mul, plain(Tile::mul, a, b), c);
      case Tile::mul_sigmoid_slope: return plain(Tile::mul, a, plain(Tile::sigmoid_slope, b));
      case Tile::mul_tanh_slope: return plain(Tile::mul, a, plain(Tile::tanh_slope, b));
      case Tile::mul_mul_sigmoid_slope:
        return plain(Tile::mul, plain(Tile::mul, a, b), plain(Tile::sigmoid_slope, c));
      case Tile::mul_mul_tanh_slope:
        return plain(Tile::mul, plain(Tile::mul, a, b), plain(Tile::tanh_slope, c));
      default: return std::numeric_limits<T>::quiet_NaN();  // a new one: write it down here
    }
  }

  // Where terms cancel, an error is small beside the terms, not beside their sum.
  Real largest_term(T a, T b, T c) const {
    if (tile == Tile::mul_add) return std::max(std::abs(Real(a) * b), std::abs(Real(c)));
    return std::abs(reference(tile, a, b, c));
  }
};

// Calls f with each fused kernel of each instruction set.
template <class T, class F>
void each_fused(F f) {
  int kernels = 0;
  for (const auto& [tile, name] : all_tiles()) {
    if (!is_fused(tile)) continue;
    ++kernels;
    for (const Isa isa : available_isas()) {
      SCOPED_TRACE(name + " " + std::string(isa_name(isa)));
      f(Fused<T>{tile, name, isa});
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GE(kernels, 8);
}

// Zero, one and draws of either sign, small and large.
template <class T>
std::vector<T> draw(const char* stream) {
  std::vector<T> values = {T(0), T(1), T(-1), T(0.5)};
  Random random(23, stream);
  for (const double width : {0.01, 1.0, 1.0, 20.0}) {
    for (int i = 0; i < 8; ++i) {
      values.push_back(static_cast<T>(width * (2.0 * random.uniform() - 1.0)));
    }
  }
  return values;
}

// Calls f(a, b, c, fused value) for all triples of values.
template <class T, class F>
void each_triple(const Fused<T>& fused, F f) {
  const std::vector<T> as = draw<T>("a"), bs = draw<T>("b"), cs = draw<T>("c");
  for (const T a : as) {
    for (const T b : bs) {
      std::vector<T> out(cs.size(), T(-77));
      const std::array<TileArg<T>, 3> args{{{&a, 0}, {&b, 0}, {cs.data(), 1}}};
      tile_kernel<T>(fused.tile, fused.isa)(args.data(), {out.data()}, 1, Index(cs.size()));
      for (std::size_t i = 0; i < cs.size(); ++i) f(a, b, cs[i], out[i]);
    }
  }
}

template <class T>
class TileFused : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TileFused, Types);

TYPED_TEST(TileFused, IsThePlainKernelsInTurn) {
  using T = TypeParam;
  each_fused<T>([](const Fused<T>& fused) {
    each_triple<T>(fused, [&](T a, T b, T c, T got) {
      const Real allowed = 4 * Real(std::numeric_limits<T>::epsilon()) *
                           std::max(fused.largest_term(a, b, c), Real(1e-30));
      ASSERT_LE(std::abs(Real(got) - Real(fused.in_turn(a, b, c))), allowed)
          << "(" << a << ", " << b << ", " << c << ")";
    });
  });
}

// Without the plain kernels, so that a fault of both shows. The sum in front of a sigmoid or tanh
// is rounded, and its error grows with the sum.
TYPED_TEST(TileFused, MatchesReference) {
  using T = TypeParam;
  each_fused<T>([](const Fused<T>& fused) {
    const bool adds_first = fused.tile == Tile::add_sigmoid || fused.tile == Tile::add_tanh;
    each_triple<T>(fused, [&](T a, T b, T c, T got) {
      const Real growth = adds_first ? 1 + std::abs(Real(a) + Real(b)) : 1;
      const Real allowed = 4 * growth * Real(std::numeric_limits<T>::epsilon()) *
                           std::max(fused.largest_term(a, b, c), Real(1e-30));
      ASSERT_LE(std::abs(Real(got) - reference(fused.tile, a, b, c)), allowed)
          << "(" << a << ", " << b << ", " << c << ")";
    });
  });
}

// Where the processor has it, a b + c is rounded once.
TYPED_TEST(TileFused, MulAddRoundsOnceBeyondTheBaseline) {
  using T = TypeParam;
  for (const Isa isa : available_isas()) {
    if (isa == Isa::baseline) continue;
    each_triple<T>({Tile::mul_add, "mul_add", isa},
                   [](T a, T b, T c, T got) { ASSERT_EQ(got, std::fma(a, b, c)); });
  }
}

// A gradient that is not a number must arrive as one.
TYPED_TEST(TileFused, KeepsNanOfEachOperand) {
  using T = TypeParam;
  each_fused<T>([](const Fused<T>& fused) {
    for (int k = 0; k < tile_arity(fused.tile); ++k) {
      if (fused.tile == Tile::mul_step && k == 1) continue;  // step is a comparison
      std::array<T, 3> x{T(0.5), T(0.5), T(0.5)};
      x[std::size_t(k)] = std::numeric_limits<T>::quiet_NaN();
      EXPECT_TRUE(std::isnan(run_one<T>(fused.tile, fused.isa, x[0], x[1], x[2]))) << k;
    }
  });
}

}  // namespace
}  // namespace carousel
