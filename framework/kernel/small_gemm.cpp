#include "kernel/small_gemm.hpp"

#include <type_traits>

#include "kernel/gemm.hpp"
#include "tensor/error.hpp"

#if defined(CAROUSEL_LIBXSMM)
#include <libxsmm.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#endif

namespace carousel {

#if defined(CAROUSEL_LIBXSMM)
namespace {

bool is_executable(std::uintptr_t address) {
  std::ifstream maps("/proc/self/maps");  // lines such as "7f00-7f10 r-xp .."
  for (std::string line; std::getline(maps, line);) {
    std::size_t dash = 0;
    const std::uintptr_t begin = std::stoull(line, &dash, 16);
    const std::string rest = line.substr(dash + 1);
    std::size_t space = 0;
    const std::uintptr_t end = std::stoull(rest, &space, 16);
    if (begin <= address && address < end) return rest.at(space + 3) == 'x';
  }
  return !maps.is_open();  // where the system does not say
}

// LIBXSMM 1.17 takes memory without the right to run code when the system gives no other, and a
// call would end the program.
void expect_executable(std::uintptr_t kernel) {
  thread_local std::set<std::uintptr_t> known;
  if (kernel == 0 || known.contains(kernel)) return;
  if (!is_executable(kernel)) {
    throw EnvironmentError("LIBXSMM got no memory for the code of a matrix product");
  }
  known.insert(kernel);
}

}  // namespace
#endif

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
  expect_executable(reinterpret_cast<std::uintptr_t>(kernel_));
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
template class SmallGemm<float>;
template class SmallGemm<double>;

std::string small_gemm_library() {
#if defined(CAROUSEL_LIBXSMM)
  libxsmm_init();
  return std::string("LIBXSMM " LIBXSMM_CONFIG_VERSION " ") + libxsmm_get_target_arch();
#else
  return "none";
#endif
}

}  // namespace carousel
