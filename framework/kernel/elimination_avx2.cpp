#include "kernel/elimination_impl.hpp"

namespace carousel {
namespace {

using V = xsimd::batch<double, xsimd::fma3<xsimd::avx2>>;

}  // namespace

const EliminationKernels<float>& elimination_kernels_avx2_float() { return kernels_of<V, float>; }
const EliminationKernels<double>& elimination_kernels_avx2_double() {
  return kernels_of<V, double>;
}

}  // namespace carousel
