#include "kernel/elimination_impl.hpp"

namespace carousel {
namespace {

using V = xsimd::batch<double, xsimd::default_arch>;

}  // namespace

const EliminationKernels<float>& elimination_kernels_baseline_float() {
  return kernels_of<V, float>;
}
const EliminationKernels<double>& elimination_kernels_baseline_double() {
  return kernels_of<V, double>;
}

}  // namespace carousel
