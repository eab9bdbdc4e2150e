#include "kernel/tile_sum_impl.hpp"

namespace carousel {

TileKernel<float> tile_kernel_avx512_float(Tile tile) {
  return find_tile_kernel<xsimd::avx512bw, float>(tile);
}

TileKernel<double> tile_kernel_avx512_double(Tile tile) {
  return find_tile_kernel<xsimd::avx512bw, double>(tile);
}

TileKernel<float> tile_kernel_avx512_float(TileSum kind) {
  return find_tile_sum<xsimd::avx512bw, float>(kind);
}

TileKernel<double> tile_kernel_avx512_double(TileSum kind) {
  return find_tile_sum<xsimd::avx512bw, double>(kind);
}

}  // namespace carousel
