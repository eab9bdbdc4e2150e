#include "kernel/bf16.hpp"

#include "kernel/isa.hpp"
#include "tensor/error.hpp"

namespace carousel {

const Bf16Kernels& bf16_kernels_avx512();

bool has_bf16() {
#if defined(__x86_64__)
  static const bool has = active_isa() == Isa::avx512 && __builtin_cpu_supports("avx512bf16");
  return has;
#else
  return false;
#endif
}

const Bf16Kernels& bf16_kernels() {
#if defined(__x86_64__)
  if (has_bf16()) return bf16_kernels_avx512();
#endif
  fail_bug("products in bf16 on a processor without them");
}

}  // namespace carousel
