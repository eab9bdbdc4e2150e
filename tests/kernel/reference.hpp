#pragma once
// What the kernel tests share: plain references in long double, and distances in ulp.

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernel/tile.hpp"
#include "tensor/error.hpp"

namespace carousel {

using Real = long double;

// std::log1p(std::exp(x)) overflows for large x.
inline Real softplus_reference(Real x) {
  return std::max(x, Real(0)) + std::log1p(std::exp(-std::abs(x)));
}

/// The value that a tile kernel stands for, written without any of our code.
inline Real reference(Tile tile, Real a, Real b = 0, Real c = 0) {
  switch (tile) {
    case Tile::neg: return -a;
    case Tile::exp: return std::exp(a);
    case Tile::log: return std::log(a);
    case Tile::sqrt: return std::sqrt(a);
    case Tile::clipped_sqrt: return a > 0 ? std::sqrt(a) : 0;
    case Tile::sin: return std::sin(a);
    case Tile::cos: return std::cos(a);
    case Tile::tanh: return std::tanh(a);
    case Tile::tanh_slope: return 1 - a * a;
    case Tile::sigmoid_slope: return a * (1 - a);
    case Tile::sigmoid: return 1 / (1 + std::exp(-a));
    case Tile::relu: return a > 0 ? a : 0;
    case Tile::softplus: return softplus_reference(a);
    case Tile::erf: return std::erf(a);
    case Tile::asinh: return std::asinh(a);
    case Tile::atanh: return std::atanh(a);
    case Tile::floor: return std::floor(a);
    case Tile::abs: return std::abs(a);
    case Tile::sign: return a > 0 ? 1 : a < 0 ? -1 : 0;
    case Tile::step: return a > 0 ? 1 : 0;
    case Tile::copy: return a;
    case Tile::add: return a + b;
    case Tile::sub: return a - b;
    case Tile::mul: return a * b;
    case Tile::div: return a / b;
    case Tile::safe_mul: return a == 0 ? a : a * b;
    case Tile::safe_div: return a == 0 ? a : a / b;
    case Tile::pow: return std::pow(a, b);
    case Tile::maximum: return a < b ? b : a;
    case Tile::minimum: return b < a ? b : a;
    case Tile::less: return a < b ? 1 : 0;
    case Tile::where: return a != 0 ? b : c;
    case Tile::add_sigmoid: return 1 / (1 + std::exp(-(a + b)));
    case Tile::add_tanh: return std::tanh(a + b);
    case Tile::add_relu: return a + b > 0 ? a + b : 0;
    case Tile::mul_step: return b > 0 ? a : 0;
    case Tile::mul_add: return a * b + c;
    case Tile::mul_mul: return a * b * c;
    case Tile::mul_sigmoid_slope: return a * b * (1 - b);
    case Tile::mul_tanh_slope: return a * (1 - b * b);
    case Tile::mul_mul_sigmoid_slope: return a * b * c * (1 - c);
    case Tile::mul_mul_tanh_slope: return a * b * (1 - c * c);
  }
  return std::numeric_limits<Real>::quiet_NaN();
}

/// |got - exact| in units of the last place of a T near `exact`; a NaN is infinitely far.
template <class T>
double ulp_error(T got, Real exact) {
  const T nearest = static_cast<T>(exact);
  if (got == nearest) return static_cast<double>(std::abs(got - exact)) == 0.0 ? 0.0 : 0.5;
  if (!std::isfinite(got) || !std::isfinite(nearest))
    return std::numeric_limits<double>::infinity();
  const T size = std::max(std::abs(nearest), std::numeric_limits<T>::min());
  const T ulp = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return static_cast<double>(std::abs(Real(got) - exact) / Real(ulp));
}

inline const std::vector<std::pair<Tile, std::string>>& all_tiles() {
  static const std::vector<std::pair<Tile, std::string>> tiles = {
#define CAROUSEL_TEST_TILE(name, arity) {Tile::name, #name},
      CAROUSEL_TILE_KERNELS(CAROUSEL_TEST_TILE)
#undef CAROUSEL_TEST_TILE
  };
  return tiles;
}

inline bool is_fused(Tile tile) { return tile >= Tile::add_sigmoid; }

/// True when both hold the same bits, so that NaN equals NaN and -0 differs from 0.
template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// Runs a kernel with a single value for each operand.
template <class T>
T run_one(Tile tile, Isa isa, T a, T b = T(0), T c = T(0)) {
  const TileArg<T> args[] = {{&a, 1}, {&b, 1}, {&c, 1}};
  T out[16] = {};  // a kernel that stores a whole vector fails a test instead of the program
  tile_kernel<T>(tile, isa)(args, {out}, 1, 1);
  return out[0];
}

}  // namespace carousel
