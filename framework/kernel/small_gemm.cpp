#include "kernel/small_gemm.hpp"

#include <type_traits>

#include "kernel/gemm.hpp"

#if defined(CAROUSEL_LIBXSMM)
#include <libxsmm.h>
#endif

namespace carousel {

template <class T>
void SmallGemm<T>::prepare(const SmallGemmSizes& sizes) {
  if (sizes == sizes_) return;
  sizes_ = sizes;
#if defined(CAROUSEL_LIBXSMM)
  // LIBXSMM counts columns first: its product is the transposed one.
  const auto size = [](Index i) { return static_cast<int>(i); };
  const int b_step = size(sizes.ldb), a_step = size(sizes.lda), c_step = size(sizes.ldc);
  const int flags = sizes.transpose_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
  const T one = T(1), beta = sizes.accumulate ? T(1) : T(0);
  if constexpr (std::is_same_v<T, float>) {
    kernel_ = libxsmm_smmdispatch(size(sizes.n), size(sizes.m), size(sizes.k), &b_step, &a_step,
                                  &c_step, &one, &beta, &flags, nullptr);
  } else {
    kernel_ = libxsmm_dmmdispatch(size(sizes.n), size(sizes.m), size(sizes.k), &b_step, &a_step,
                                  &c_step, &one, &beta, &flags, nullptr);
  }
#endif
}

template <class T>
void SmallGemm<T>::run(const T* a, const T* b, T* c) const {
  if (kernel_) return kernel_(b, a, c);
  const SmallGemmSizes& s = sizes_;
  gemm<T>(s.transpose_a, false, s.m, s.n, s.k, a, s.lda, b, s.ldb, s.accumulate ? T(1) : T(0), c,
          s.ldc);
}

template <class T>
void transpose(Index rows, Index columns, const T* from, Index from_step, T* to, Index to_step) {
#if defined(CAROUSEL_LIBXSMM)
  const auto size = [](Index i) { return static_cast<int>(i); };
  libxsmm_otrans(to, from, sizeof(T), size(columns), size(rows), size(from_step), size(to_step));
#else
  for (Index c = 0; c < columns; ++c) {
    for (Index r = 0; r < rows; ++r) to[c * to_step + r] = from[r * from_step + c];
  }
#endif
}

template void transpose(Index, Index, const float*, Index, float*, Index);
template void transpose(Index, Index, const double*, Index, double*, Index);
template void transpose(Index, Index, const std::uint32_t*, Index, std::uint32_t*, Index);
template class SmallGemm<float>;
template class SmallGemm<double>;

bool compiles_small_gemm() {
#if defined(CAROUSEL_LIBXSMM)
  return true;
#else
  return false;
#endif
}

std::string small_gemm_library() {
#if defined(CAROUSEL_LIBXSMM)
  libxsmm_init();
  return std::string("LIBXSMM " LIBXSMM_CONFIG_VERSION " ") + libxsmm_get_target_arch();
#else
  return "none";
#endif
}

}  // namespace carousel
