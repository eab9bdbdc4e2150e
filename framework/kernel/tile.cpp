#include "kernel/tile.hpp"

#include <cmath>
#include <type_traits>

#include "tensor/error.hpp"

namespace carousel {

TileKernel<float> tile_kernel_baseline_float(Tile tile);
TileKernel<double> tile_kernel_baseline_double(Tile tile);
TileKernel<float> tile_kernel_avx2_float(Tile tile);
TileKernel<double> tile_kernel_avx2_double(Tile tile);
TileKernel<float> tile_kernel_avx512_float(Tile tile);
TileKernel<double> tile_kernel_avx512_double(Tile tile);

TileKernel<float> tile_kernel_baseline_float(TileSum kind);
TileKernel<double> tile_kernel_baseline_double(TileSum kind);
TileKernel<float> tile_kernel_avx2_float(TileSum kind);
TileKernel<double> tile_kernel_avx2_double(TileSum kind);
TileKernel<float> tile_kernel_avx512_float(TileSum kind);
TileKernel<double> tile_kernel_avx512_double(TileSum kind);

float sin_alone(float x) { return std::sin(x); }
double sin_alone(double x) { return std::sin(x); }
float cos_alone(float x) { return std::cos(x); }
double cos_alone(double x) { return std::cos(x); }

namespace {

// Of either sort of kernel: a Tile or a TileSum.
template <class T, class Kind>
TileKernel<T> compiled_for(Kind kind, Isa isa) {
  constexpr bool single = std::is_same_v<T, float>;
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx512:
      if constexpr (single) return tile_kernel_avx512_float(kind);
      else return tile_kernel_avx512_double(kind);
    case Isa::avx2:
      if constexpr (single) return tile_kernel_avx2_float(kind);
      else return tile_kernel_avx2_double(kind);
#endif
    default:
      if constexpr (single) return tile_kernel_baseline_float(kind);
      else return tile_kernel_baseline_double(kind);
  }
}

}  // namespace

const char* tile_name(Tile tile) {
  switch (tile) {
#define CAROUSEL_TILE_NAME(name, arity) \
  case Tile::name: return #name;
    CAROUSEL_TILE_KERNELS(CAROUSEL_TILE_NAME)
#undef CAROUSEL_TILE_NAME
  }
  fail_bug("unknown tile kernel");
}

int tile_arity(Tile tile) {
  switch (tile) {
#define CAROUSEL_TILE_ARITY(name, arity) \
  case Tile::name: return arity;
    CAROUSEL_TILE_KERNELS(CAROUSEL_TILE_ARITY)
#undef CAROUSEL_TILE_ARITY
  }
  fail_bug("unknown tile kernel");
}

template <class T>
TileKernel<T> tile_kernel(Tile tile, Isa isa) {
  return compiled_for<T>(tile, isa);
}

template <class T>
TileKernel<T> tile_kernel(Tile tile) {
  return tile_kernel<T>(tile, active_isa());
}

template <class T>
TileKernel<T> tile_sum_kernel(TileSum kind, Isa isa) {
  return compiled_for<T>(kind, isa);
}

template <class T>
TileKernel<T> tile_sum_kernel(TileSum kind) {
  return tile_sum_kernel<T>(kind, active_isa());
}

template TileKernel<float> tile_kernel(Tile, Isa);
template TileKernel<double> tile_kernel(Tile, Isa);
template TileKernel<float> tile_kernel(Tile);
template TileKernel<double> tile_kernel(Tile);

template TileKernel<float> tile_sum_kernel(TileSum, Isa);
template TileKernel<double> tile_sum_kernel(TileSum, Isa);
template TileKernel<float> tile_sum_kernel(TileSum);
template TileKernel<double> tile_sum_kernel(TileSum);

}  // namespace carousel
