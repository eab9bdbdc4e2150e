#include "kernel/elimination_impl.hpp"

namespace carousel {
namespace {

using V = xsimd::batch<double, xsimd::avx512bw>;

}  // namespace

const EliminationKernels<float>& elimination_kernels_avx512_float() { return kernels_of<V, float>; }
const EliminationKernels<double>& elimination_kernels_avx512_double() {
  return kernels_of<V, double>;
}

}  // namespace carousel
