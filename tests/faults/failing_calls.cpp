// Preloaded into a program, makes one of its calls to the system fail: the n-th of a kind from the
// beginning of main() on, as CAROUSEL_FAULT=kind:n says, or all from there on, as kind:n+ says.
// CAROUSEL_FAULT_COUNTS names a file that takes the number of calls of each kind.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum Kind { writes, fsyncs, renames, opens, mkdirs, mmaps, allocations };
constexpr std::array names = {"write", "fsync", "rename", "open", "mkdir", "mmap", "malloc"};

std::array<std::atomic<long>, names.size()> counts{};
std::atomic<bool> started{false};
int failing = -1;  // a Kind
long first = 0, last = 0;

// Counts a call; true when it is to fail.
bool fails(Kind kind) {
  if (!started.load(std::memory_order_relaxed)) return false;
  const long n = ++counts[kind];
  return kind == failing && n >= first && n <= last;
}

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void read_wish() {
  const char* wish = std::getenv("CAROUSEL_FAULT");
  if (!wish) return;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::size_t length = std::strlen(names[k]);
    if (std::strncmp(wish, names[k], length) != 0 || wish[length] != ':') continue;
    char* end = nullptr;
    failing = static_cast<int>(k);
    first = std::strtol(wish + length + 1, &end, 10);
    last = *end == '+' ? 1L << 60 : first;
  }
}

// Looked up when the library is loaded: dlsym() may take memory itself.
struct Allocator {
  void* (*malloc)(std::size_t) = real<void* (*)(std::size_t)>("__libc_malloc");
  void* (*calloc)(std::size_t,
                  std::size_t) = real<void* (*)(std::size_t, std::size_t)>("__libc_calloc");
  void* (*realloc)(void*, std::size_t) = real<void* (*)(void*, std::size_t)>("__libc_realloc");
};
const Allocator& next_allocator() {
  static const Allocator allocator;
  return allocator;
}

int (*program)(int, char**, char**);

int counted_main(int argc, char** argv, char** environment) {
  read_wish();
  started = true;
  const int code = program(argc, argv, environment);
  started = false;
  if (const char* file = std::getenv("CAROUSEL_FAULT_COUNTS")) {
    if (std::FILE* to = std::fopen(file, "w")) {
      for (std::size_t k = 0; k < names.size(); ++k) {
        std::fprintf(to, "%s %ld\n", names[k], counts[k].load());
      }
      std::fclose(to);
    }
  }
  return code;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): names of the C library.
extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(),
                      void (*fini)(), void (*loader_fini)(), void* stack) {
  program = main;
  using Start =
      int (*)(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(), void (*)(), void*);
  return real<Start>("__libc_start_main")(counted_main, argc, argv, init, fini, loader_fini, stack);
}

ssize_t write(int file, const void* bytes, std::size_t size) {
  static const auto next = real<ssize_t (*)(int, const void*, std::size_t)>("write");
  if (file > 2 && fails(writes)) return errno = ENOSPC, -1;
  return next(file, bytes, size);
}

int fsync(int file) {
  static const auto next = real<int (*)(int)>("fsync");
  if (fails(fsyncs)) return errno = EIO, -1;
  return next(file);
}

int rename(const char* from, const char* to) {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  if (fails(renames)) return errno = EIO, -1;
  return next(from, to);
}

int open(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is in front of it
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (fails(opens)) return errno = EMFILE, -1;
  return next(path, flags, mode);
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));

int mkdir(const char* path, mode_t mode) {
  static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
  if (fails(mkdirs)) return errno = ENOSPC, -1;
  return next(path, mode);
}

// The program has an mmap() of its own, which takes its memory here.
long syscall(long number, ...) noexcept {
  static const auto next = real<long (*)(long, long, long, long, long, long, long)>("syscall");
  std::array<long, 6> arguments{};
  va_list rest;
  va_start(rest, number);
  // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is in front of it
  for (long& argument : arguments) argument = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_mmap && fails(mmaps)) return errno = ENOMEM, -1;
  const auto& a = arguments;
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

// The program has a malloc() of its own, which takes its memory here.
void* __libc_malloc(std::size_t size) {
  if (fails(allocations)) return errno = ENOMEM, nullptr;
  return next_allocator().malloc(size);
}

void* __libc_calloc(std::size_t count, std::size_t size) {
  if (fails(allocations)) return errno = ENOMEM, nullptr;
  return next_allocator().calloc(count, size);
}

void* __libc_realloc(void* block, std::size_t size) {
  if (fails(allocations)) return errno = ENOMEM, nullptr;
  return next_allocator().realloc(block, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  static const auto next = real<void* (*)(std::size_t, std::size_t)>("aligned_alloc");
  if (fails(allocations)) return errno = ENOMEM, nullptr;
  return next(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  static const auto next = real<int (*)(void**, std::size_t, std::size_t)>("posix_memalign");
  if (fails(allocations)) return ENOMEM;
  return next(block, alignment, size);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
