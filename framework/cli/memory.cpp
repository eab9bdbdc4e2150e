// The program's own malloc() and mmap(), before those of the C library, for all libraries that it
// loads: no memory is the end of the program. libcrypto and HDF5 do not look at what they get
// everywhere, and LIBXSMM runs code in memory that has no right to it; they would end it by a
// signal.
#include "cli/memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace carousel {

void end_for_want_of_memory() {
  constexpr std::string_view text =
      "error: not enough memory. A study takes less with a smaller train.batch, train.shard or "
      "hidden size, or fewer --threads; what was saved is whole\n";
  static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
  std::_Exit(3);
}

}  // namespace carousel

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// NOLINTBEGIN(bugprone-reserved-identifier,performance-no-int-to-ptr): names of the C library.
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);

void* malloc(std::size_t size) {
  void* block = __libc_malloc(size);
  if (!block) carousel::end_for_want_of_memory();
  return block;
}

void* calloc(std::size_t count, std::size_t size) {
  void* block = __libc_calloc(count, size);
  if (!block) carousel::end_for_want_of_memory();
  return block;
}

void* realloc(void* block, std::size_t size) {
  void* larger = __libc_realloc(block, size);
  if (!larger && size > 0) carousel::end_for_want_of_memory();
  return larger;
}

// That there are no huge pages is an answer.
void* mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) noexcept {
  const long block = syscall(SYS_mmap, at, size, protection, flags, file, offset);
  if (block == -1 && errno == ENOMEM && (flags & MAP_HUGETLB) == 0) {
    carousel::end_for_want_of_memory();
  }
  return reinterpret_cast<void*>(block);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,performance-no-int-to-ptr)
#endif
