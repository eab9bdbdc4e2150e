#include "tensor/memory.hpp"

#include <cstdlib>
#include <limits>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace carousel {

void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int largest = 32 << 20;  // that it takes
  mallopt(M_MMAP_THRESHOLD, largest);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace carousel
