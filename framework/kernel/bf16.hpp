#pragma once

#include <cstdint>
#include <type_traits>

#include "tensor/shape.hpp"

namespace carousel {

/// What the operands of a product in float are rounded to: nothing, or bf16, the upper half of a
/// float (8 bits of precision, the range of float), to the nearest, ties to even. Sums are in float
/// whatever it is. Products in double round nothing.
enum class Rounding { none, bf16 };

/// Whether products of this type are rounded.
template <class T>
constexpr bool rounds(Rounding rounding) {
  return std::is_same_v<T, float> && rounding == Rounding::bf16;
}

/// Whether the processor multiplies numbers in bf16 (AVX512-BF16), and CAROUSEL_ISA allows it.
bool has_bf16();

/// Two numbers in bf16 that one instruction multiplies with two others; the first in the lower
/// half.
using Bf16Pair = std::uint32_t;

/// A product of blocks, c = a b or c += a b, in pairs along the inner size.
struct Bf16Product {
  Index m,            ///< rows of c
      n,              ///< columns of c, at most 64
      pairs;          ///< half of the inner size
  const Bf16Pair* a;  ///< rows of pairs; interleaved: pairs of rows
  Index a_step;       ///< pairs from row to row; interleaved: from one pair of rows to the next
  bool interleaved;   ///< a is [pairs, m]; else [m, pairs]
  const Bf16Pair* b;  ///< [pairs, n rounded up to 16], 64-byte aligned
  float* c;           ///< sums
  Index ldc;          ///< elements from row to row of c
  bool accumulate;    ///< c += a b; else c = a b
};

/// Kernels of the processor for bf16.
struct Bf16Kernels {
  /// n numbers side by side, to n / 2 pairs rounded up to 16; beyond n they are 0.
  void (*round)(Index n, const float* from, Bf16Pair* to);
  /// to[i] = {first[i], second[i]}; n rounded up to 16, beyond n they are 0. Without `first` that
  /// of `to` stays; without `second` it is 0.
  void (*interleave)(Index n, const float* first, const float* second, Bf16Pair* to);
  /// The product. A sum is the same to the bit wherever its row and column are in a block.
  void (*multiply)(const Bf16Product& product);
};

/// They run where has_bf16(); elsewhere this is a bug.
const Bf16Kernels& bf16_kernels();

}  // namespace carousel
