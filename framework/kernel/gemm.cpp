#include "kernel/gemm.hpp"

#include <cblas.h>

#include <algorithm>
#include <type_traits>

#include "tensor/blas.hpp"

namespace carousel {

template <class T>
void gemm(bool trans_a, bool trans_b, Index m, Index n, Index k, const T* a, Index lda, const T* b,
          Index ldb, T beta, T* c, Index ldc) {
  use_one_blas_thread();
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) c[i * ldc + j] = beta == T(0) ? T(0) : beta * c[i * ldc + j];
    }
    return;
  }
  const auto ta = trans_a ? CblasTrans : CblasNoTrans;
  const auto tb = trans_b ? CblasTrans : CblasNoTrans;
  const auto size = [](Index i) { return static_cast<blasint>(std::max<Index>(i, 1)); };
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, ta, tb, size(m), size(n), size(k), 1.0f, a, size(lda), b, size(ldb),
                beta, c, size(ldc));
  } else {
    cblas_dgemm(CblasRowMajor, ta, tb, size(m), size(n), size(k), 1.0, a, size(lda), b, size(ldb),
                beta, c, size(ldc));
  }
}

template void gemm(bool, bool, Index, Index, Index, const float*, Index, const float*, Index, float,
                   float*, Index);
template void gemm(bool, bool, Index, Index, Index, const double*, Index, const double*, Index,
                   double, double*, Index);

}  // namespace carousel
