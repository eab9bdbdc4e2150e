#pragma once

#include "tensor/shape.hpp"

namespace carousel {

/// C = op(A) op(B) + beta C, row-major, on the calling thread only (TBB owns the threads).
/// op(A): [m, k], op(B): [k, n], C: [m, n]; lda, ldb, ldc: elements from row to row as stored.
/// trans_a: A is stored [k, m]; trans_b: B is stored [n, k].
template <class T>
void gemm(bool trans_a, bool trans_b, Index m, Index n, Index k, const T* a, Index lda, const T* b,
          Index ldb, T beta, T* c, Index ldc);

}  // namespace carousel
