#pragma once

#include <string>

#include "tensor/shape.hpp"

namespace carousel {

/// Sizes of a product of small row-major blocks, c = a b or c += a b; a: [m, k], b: [k, n],
/// c: [m, n].
struct SmallGemmSizes {
  Index m = 0,               ///< rows of c
      n = 0,                 ///< columns of c
      k = 0;                 ///< inner size
  Index lda = 0,             ///< elements from row to row of a, as stored
      ldb = 0,               ///< of b
      ldc = 0;               ///< of c
  bool transpose_a = false;  ///< a is stored [k, m]
  bool accumulate = false;   ///< c += a b; else c = a b
  /// True when the same kernel serves both.
  bool operator==(const SmallGemmSizes&) const = default;
};

/// A product of small blocks, compiled for its sizes: by LIBXSMM on x86-64; elsewhere the plain
/// product stands in. Fastest where n is at most 64.
template <class T>
class SmallGemm {
 public:
  /// Compiles the product for the sizes, unless it was the last time.
  void prepare(const SmallGemmSizes& sizes);
  /// The product for the sizes of the last prepare(). a, b, c: memory of those sizes, c apart from
  /// a and b.
  void run(const T* a, const T* b, T* c) const;

 private:
  using Kernel = void (*)(const T* b, const T* a, T* c, ...);
  SmallGemmSizes sizes_;
  Kernel kernel_ = nullptr;  // null: the plain product
};

/// to = from^T: from [rows, columns] with from_step elements from row to row, to [columns, rows]
/// with to_step.
template <class T>
void transpose(Index rows, Index columns, const T* from, Index from_step, T* to, Index to_step);

extern template class SmallGemm<float>;
extern template class SmallGemm<double>;

/// Whether anything compiles them; else the plain product stands in.
bool compiles_small_gemm();

/// What compiles them, with its version and the instruction set that it aims at: "LIBXSMM 1.16.1
/// clx". "none" where the plain product stands in.
std::string small_gemm_library();

}  // namespace carousel
