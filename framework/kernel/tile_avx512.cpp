#include "kernel/tile_impl.hpp"

namespace carousel {

TileKernel<float> tile_kernel_avx512_float(Tile tile) {
  return find_tile_kernel<xsimd::avx512bw, float>(tile);
}

TileKernel<double> tile_kernel_avx512_double(Tile tile) {
  return find_tile_kernel<xsimd::avx512bw, double>(tile);
}

}  // namespace carousel
