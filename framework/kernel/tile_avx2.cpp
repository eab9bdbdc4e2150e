#include "kernel/tile_sum_impl.hpp"

namespace carousel {

TileKernel<float> tile_kernel_avx2_float(Tile tile) {
  return find_tile_kernel<xsimd::fma3<xsimd::avx2>, float>(tile);
}

TileKernel<double> tile_kernel_avx2_double(Tile tile) {
  return find_tile_kernel<xsimd::fma3<xsimd::avx2>, double>(tile);
}

TileKernel<float> tile_kernel_avx2_float(TileSum kind) {
  return find_tile_sum<xsimd::fma3<xsimd::avx2>, float>(kind);
}

TileKernel<double> tile_kernel_avx2_double(TileSum kind) {
  return find_tile_sum<xsimd::fma3<xsimd::avx2>, double>(kind);
}

}  // namespace carousel
