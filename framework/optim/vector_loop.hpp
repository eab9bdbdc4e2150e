#pragma once

#include "kernel/isa.hpp"

namespace carousel {

#if defined(__x86_64__)
template <class Loop, class Arguments>
[[gnu::target("avx512f,avx512dq")]] void run_loop_avx512(const Arguments& arguments) {
  Loop::run(arguments);
}
template <class Loop, class Arguments>
[[gnu::target("avx2")]] void run_loop_avx2(const Arguments& arguments) {
  Loop::run(arguments);
}
#endif

/// Loop::run(arguments), compiled for the instruction set in use. run: inline and always_inline,
/// one loop over elements, of a type in an unnamed namespace. A file that uses it is compiled
/// without contraction of products and sums, so that all sets give the same bits.
template <class Loop, class Arguments>
void run_loop(const Arguments& arguments) {
  static const Isa isa = active_isa();
#if defined(__x86_64__)
  if (isa == Isa::avx512) return run_loop_avx512<Loop>(arguments);
  if (isa == Isa::avx2) return run_loop_avx2<Loop>(arguments);
#endif
  static_cast<void>(isa);
  Loop::run(arguments);
}

}  // namespace carousel
