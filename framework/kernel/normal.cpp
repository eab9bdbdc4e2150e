#include "kernel/normal.hpp"

#include <algorithm>
#include <array>
#include <numbers>
#include <type_traits>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

constexpr Index half = 512;  // of a block: the pairs that are made at once

// A word as a number in (0, 1], with the bits that T can hold.
template <class T>
T unit(std::uint32_t word) {
  if constexpr (std::is_same_v<T, float>) return static_cast<T>((word >> 8) + 1) * T(0x1.0p-24);
  else return (static_cast<T>(word) + T(1)) * T(0x1.0p-32);
}

template <class T>
void apply(Tile tile, T* values, const T* other = nullptr) {
  const std::array<TileArg<T>, 2> args{TileArg<T>{values, 1}, TileArg<T>{other, 1}};
  tile_kernel<T>(tile)(args.data(), {values}, 1, half);
}

}  // namespace

template <class T>
void fill_normal(Random random, T* out, Index n) {
  std::array<std::uint32_t, 2 * half> words;
  std::array<T, half> radius, angle;
  std::array<T, 2 * half> block;
  for (Index begin = 0; begin < n; begin += 2 * half) {
    random.words(words);
    for (std::size_t i = 0; i < half; ++i) {
      radius[i] = unit<T>(words[i]);
      angle[i] = T(2.0 * std::numbers::pi) * unit<T>(words[half + i]);
    }
    apply(Tile::log, radius.data());
    for (T& r : radius) r *= T(-2);
    apply(Tile::sqrt, radius.data());
    std::copy(angle.begin(), angle.end(), block.begin());
    std::copy(angle.begin(), angle.end(), block.begin() + half);
    apply(Tile::cos, block.data());
    apply(Tile::mul, block.data(), radius.data());
    apply(Tile::sin, block.data() + half);
    apply(Tile::mul, block.data() + half, radius.data());
    std::copy_n(block.begin(), std::min(2 * half, n - begin), out + begin);
  }
}

template void fill_normal(Random, float*, Index);
template void fill_normal(Random, double*, Index);

}  // namespace carousel
