#include "io/isolated.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <new>

#include "tensor/error.hpp"

#if defined(__has_feature)
#define CAROUSEL_HAS_FEATURE(name) __has_feature(name)
#else
#define CAROUSEL_HAS_FEATURE(name) 0
#endif

namespace carousel {
namespace {

// Sanitizers reserve terabytes, and what they print is wanted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    CAROUSEL_HAS_FEATURE(address_sanitizer) || CAROUSEL_HAS_FEATURE(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// The exit code of a child that gets no memory: that of the program's own end for want of it.
constexpr int no_memory = 3;

// The first byte of what the child sends: what the others are.
enum Kind : char { result = 'r', input_error = 'i', environment_error = 'e', bug_error = 'b' };

// Closes itself.
struct Descriptor {
  int number;
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(number); }
};

std::uint64_t size_of(const std::filesystem::path& path) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  return none ? 0 : size;
}

time_t seconds_for(std::uint64_t bytes) {
  return static_cast<time_t>(10 + std::min<std::uint64_t>(bytes / 10'000'000, 1'000'000));
}

void limit_memory(std::uint64_t bytes) {
  if (sanitized) return;
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const auto now = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const rlim_t most = now + (std::uint64_t{128} << 20) + 4 * 1032 * bytes;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = std::min<rlim_t>(most, limit.rlim_max);
  setrlimit(RLIMIT_AS, &limit);
}

// The signals of the program would ask the child for a clean end, which it has none of.
void set_signals(std::uint64_t bytes) {
  for (const int number : {SIGINT, SIGTERM, SIGPROF, SIGABRT}) std::signal(number, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_UNBLOCK, &all, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const itimerval limit{{}, {seconds_for(bytes), 0}};  // of computing: the machine may be busy
  setitimer(ITIMER_PROF, &limit, nullptr);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

void silence() {
  if (sanitized) return;
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
}

bool send(int out, const char* from, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = write(out, from, bytes);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) {
      from += sent;
      bytes -= static_cast<std::size_t>(sent);
    }
  }
  return true;
}

bool send(int out, Kind kind, const std::string& bytes) {
  const char first = kind;
  return send(out, &first, 1) && send(out, bytes.data(), bytes.size());
}

bool read_and_send(int out, const std::function<std::string()>& read) {
  try {
    return send(out, result, read());
  } catch (const InputError& error) {
    return send(out, input_error, error.what());
  } catch (const EnvironmentError& error) {
    return send(out, environment_error, error.what());
  } catch (const std::bad_alloc&) {
    _exit(no_memory);
  } catch (const std::exception& error) {
    return send(out, bug_error, error.what());
  }
}

// What is not caught ends the child: above are the parent's frames.
[[noreturn]] void run_child(int out, std::uint64_t bytes,
                            const std::function<std::string()>& read) noexcept {
  set_signals(bytes);
  silence();
  limit_memory(bytes);
  _exit(read_and_send(out, read) ? 0 : 1);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void expect_good_end(int status, const std::filesystem::path& path, std::uint64_t bytes) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_memory) {
    fail_input(
        "{}: can't be read: it asks for far more memory than its size allows; the file is damaged",
        path.string());
  }
  if (WIFEXITED(status)) {
    fail_input("{}: can't be read: the reader failed on it (exit code {}); the file is damaged",
               path.string(), WEXITSTATUS(status));
  }
  const int number = WTERMSIG(status);
  if (number == SIGPROF) {
    fail_input(
        "{}: can't be read: the reader was not done after {} s of computing; the file is damaged",
        path.string(), seconds_for(bytes));
  }
  if (number == SIGINT || number == SIGTERM || number == SIGKILL) {
    throw EnvironmentError(
        fmt::format("{}: reading it was ended from outside (signal {})", path.string(), number));
  }
  fail_input("{}: can't be read: the reader failed on it (signal {}); the file is damaged",
             path.string(), number);
}

std::string received(int in) {
  std::string bytes(static_cast<std::size_t>(std::max<off_t>(lseek(in, 0, SEEK_END), 0)), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        pread(in, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got == 0 || (got < 0 && errno != EINTR)) return {};
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

std::string isolated(const std::filesystem::path& path, const std::function<std::string()>& read) {
  const std::uint64_t bytes = size_of(path);
  const Descriptor memory(memfd_create("carousel", MFD_CLOEXEC));
  const pid_t child = memory.number < 0 ? -1 : fork();
  if (child < 0) {
    throw EnvironmentError(fmt::format("{}: can't start a process to read it ({})", path.string(),
                                       std::strerror(errno)));
  }
  if (child == 0) run_child(memory.number, bytes, read);
  expect_good_end(wait_for(child), path, bytes);
  std::string sent = received(memory.number);
  const char kind = sent.empty() ? '\0' : sent.front();
  if (!sent.empty()) sent.erase(0, 1);
  switch (kind) {
    case result: return sent;
    case input_error: throw InputError(sent);
    case environment_error: throw EnvironmentError(sent);
    default: throw BugError(sent);
  }
}

}  // namespace carousel
