#include "kernel/tile_impl.hpp"

namespace carousel {

TileKernel<float> tile_kernel_baseline_float(Tile tile) {
  return find_tile_kernel<xsimd::default_arch, float>(tile);
}

TileKernel<double> tile_kernel_baseline_double(Tile tile) {
  return find_tile_kernel<xsimd::default_arch, double>(tile);
}

}  // namespace carousel
