#include "bench/suite/machine_rates.hpp"

#include <array>
#include <cstring>
#include <vector>

#include "bench/suite/peak.hpp"
#include "bench/suite/turns.hpp"

namespace carousel {
namespace {

// Four arrays of 4 KiB lie in any first cache. The values are in the domain of every kernel.
double time_of(Tile tile) {
  constexpr Index n = 1024, repeats = 200;
  std::array<std::vector<float>, 3> values;
  std::array<TileArg<float>, 3> operands{};
  for (std::size_t k = 0; k < values.size(); ++k) {
    for (Index i = 0; i < n; ++i) {
      values[k].push_back(0.1F + 0.8F * static_cast<float>((i * (7 + Index(k))) % n) / float(n));
    }
    operands[k] = {values[k].data(), 1, 0};
  }
  std::vector<float> result(static_cast<std::size_t>(n));
  const TileKernel<float> kernel = tile_kernel<float>(tile);
  const double spent = best_time([&] {
    for (Index i = 0; i < repeats; ++i) kernel(operands.data(), {result.data(), 0}, 1, n);
  });
  return spent / double(n * repeats);
}

// Of arrays far larger than the caches.
double copy_rate() {
  constexpr std::size_t bytes = std::size_t{64} << 20;
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  return 2.0 * double(bytes) / best_time([&] { std::memcpy(to.data(), from.data(), bytes); });
}

}  // namespace

MachineRates measure_rates() {
  MachineRates rates{measure_peak(), copy_rate(), {}};
  const auto add = [&](Tile tile) { rates.tiles[tile] = time_of(tile); };
#define CAROUSEL_TILE_RATE(name, arity) add(Tile::name);
  CAROUSEL_TILE_KERNELS(CAROUSEL_TILE_RATE)
#undef CAROUSEL_TILE_RATE
  return rates;
}

}  // namespace carousel
