#include "kernel/elimination.hpp"

#include <type_traits>

#include "kernel/isa.hpp"

namespace carousel {

const EliminationKernels<float>& elimination_kernels_baseline_float();
const EliminationKernels<double>& elimination_kernels_baseline_double();
const EliminationKernels<float>& elimination_kernels_avx2_float();
const EliminationKernels<double>& elimination_kernels_avx2_double();
const EliminationKernels<float>& elimination_kernels_avx512_float();
const EliminationKernels<double>& elimination_kernels_avx512_double();

template <class T>
const EliminationKernels<T>& elimination_kernels() {
  constexpr bool single = std::is_same_v<T, float>;
  switch (active_isa()) {
#if defined(__x86_64__)
    case Isa::avx512:
      if constexpr (single) return elimination_kernels_avx512_float();
      else return elimination_kernels_avx512_double();
    case Isa::avx2:
      if constexpr (single) return elimination_kernels_avx2_float();
      else return elimination_kernels_avx2_double();
#endif
    default:
      if constexpr (single) return elimination_kernels_baseline_float();
      else return elimination_kernels_baseline_double();
  }
}

template const EliminationKernels<float>& elimination_kernels();
template const EliminationKernels<double>& elimination_kernels();

}  // namespace carousel
