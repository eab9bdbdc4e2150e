#include "kernel/tile_sum_impl.hpp"

namespace carousel {

TileKernel<float> tile_kernel_baseline_float(Tile tile) {
  return find_tile_kernel<xsimd::default_arch, float>(tile);
}

TileKernel<double> tile_kernel_baseline_double(Tile tile) {
  return find_tile_kernel<xsimd::default_arch, double>(tile);
}

TileKernel<float> tile_kernel_baseline_float(TileSum kind) {
  return find_tile_sum<xsimd::default_arch, float>(kind);
}

TileKernel<double> tile_kernel_baseline_double(TileSum kind) {
  return find_tile_sum<xsimd::default_arch, double>(kind);
}

}  // namespace carousel
