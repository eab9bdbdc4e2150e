// An engine for targets whose work is done by a library without sanitizers. Inputs are made blindly
// (mutate.hpp) and run by the thousand in a child process. When it dies, the stack that the address
// sanitizer printed says where: in the library, which the program contains (io/isolated.hpp), or in
// our own code, which is a finding, as is any exception that leaves the target, and memory of ours
// that a library wrote beyond.
//
// fuzz_NAME FOLDER [-max_total_time=60] [-runs=0] [-seed=1] [-artifact_prefix=./]
// as with libFuzzer: FOLDER holds the seeds; 0 runs are as many as there is time for.
// fuzz_NAME FILE: runs this one input.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mutate.hpp"
#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" void __sanitizer_print_stack_trace();

// Memory is limited for one block and for all, since a limit of addresses can't be set. Frames are
// left as file and place, which is what tells the library's from ours.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:symbolize=0:exitcode=99:handle_abort=1:quarantine_size_mb=8:"
         "max_allocation_size_mb=256:allocator_may_return_null=1:soft_rss_limit_mb=512";
}

namespace carousel {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t runs_of_a_child = 5000;
constexpr time_t seconds_of_a_run = 10;
constexpr std::string_view timeout_mark = "\ntimeout in\n";
constexpr int timed_out = 98;

struct Options {
  fs::path seeds;
  double seconds = 60;
  std::uint64_t runs = 0, series = 1;
  std::string found;  // begins the names of inputs that are kept
};

// What a child tells while it lives.
struct Shared {
  volatile std::uint64_t run;
};

struct Counts {
  std::uint64_t runs = 0, in_library = 0, timeouts = 0, findings = 0;
  long peak = 0;  // KiB
};

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value_of = [&](const char* name) -> const char* {
      const std::string key = std::string("-") + name + "=";
      return word.starts_with(key) ? argv[i] + key.size() : nullptr;
    };
    if (const char* time = value_of("max_total_time")) options.seconds = std::atof(time);
    else if (const char* runs = value_of("runs")) options.runs = std::strtoull(runs, nullptr, 10);
    else if (const char* seed = value_of("seed")) options.series = std::strtoull(seed, nullptr, 10);
    else if (const char* start = value_of("artifact_prefix")) options.found = start;
    else if (word[0] != '-') options.seeds = word;
  }
  return options;
}

void run_one(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

[[noreturn]] void run_child(const std::vector<std::string>& seeds, std::uint64_t series,
                            std::uint64_t first, std::uint64_t count, Shared& shared,
                            const fs::path& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  std::signal(SIGPROF, [](int) {
    if (write(STDERR_FILENO, timeout_mark.data(), timeout_mark.size()) > 0) {
      __sanitizer_print_stack_trace();
    }
    _exit(timed_out);
  });
  const itimerval limit{{}, {seconds_of_a_run, 0}};  // of computing: the machine may be busy
  for (std::uint64_t i = first; i < first + count; ++i) {
    shared.run = i;
    setitimer(ITIMER_PROF, &limit, nullptr);
    run_one(mutated(seeds, series, i));
  }
  _exit(0);
}

// Where in a library a fault is, from what the log shows, or "" when our own code is to blame.
std::string place_in_library(const std::string& log) {
  if (log.find("runtime error:") != std::string::npos) return {};  // only ours is checked for it
  static const std::regex frame(R"(#(\d+) 0x[0-9a-f]+ +(?:in \S+ )?\(([^+)]+)(\+0x[0-9a-f]+))");
  static const std::regex runtime(R"(libclang_rt|libc\.so|libstdc\+\+|libgcc_s|ld-linux|libm\.so)");
  const std::string own = fs::read_symlink("/proc/self/exe").string();
  std::string place;
  bool decided = true;
  // A report tells more than where the time was over. Without one, the first frame of ours is that
  // of the signal's handler.
  const std::size_t mark = log.find(timeout_mark);
  const bool has_report = log.find("ERROR: AddressSanitizer") < mark;
  bool skip_own = mark != std::string::npos && !has_report;
  const auto start = log.begin() + static_cast<std::ptrdiff_t>(skip_own ? mark : 0);
  const auto end = has_report && mark != std::string::npos
                       ? log.begin() + static_cast<std::ptrdiff_t>(mark)
                       : log.end();
  for (auto it = std::sregex_iterator(start, end, frame); it != std::sregex_iterator(); ++it) {
    // A report has several stacks: of the fault, and of who took and freed the memory. In each, the
    // first frame that is not of the runtime is to blame.
    const std::string file = (*it)[2];
    if ((*it)[1] == "0") decided = false;
    if (decided || std::regex_search(file, runtime)) continue;
    if (file == own && std::exchange(skip_own, false)) continue;
    if (file == own) return {};
    if (place.empty()) place = fs::path(file).filename().string() + (*it)[3].str();
    decided = true;
  }
  return place;
}

class Engine {
 public:
  explicit Engine(Options options) : options_(std::move(options)) {
    for (const auto& entry : fs::directory_iterator(options_.seeds)) {
      seeds_.push_back(file_text(entry.path()));
    }
    std::sort(seeds_.begin(), seeds_.end());
    if (seeds_.empty()) throw std::runtime_error("no seeds in " + options_.seeds.string());
    void* page =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = static_cast<Shared*>(page);
  }

  int run() {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(options_.seconds);
    while (counts_.findings < 10 && std::chrono::steady_clock::now() < end &&
           (options_.runs == 0 || counts_.runs < options_.runs)) {
      batch();
    }
    for (const auto& [place, count] : places_) {
      std::fprintf(stderr, "%6d in %s\n", count, place.c_str());
    }
    std::fprintf(
        stderr,
        "Done %llu runs: %llu findings, %llu faults and %llu timeouts inside libraries, at "
        "most %ld MiB\n",
        static_cast<unsigned long long>(counts_.runs),
        static_cast<unsigned long long>(counts_.findings),
        static_cast<unsigned long long>(counts_.in_library),
        static_cast<unsigned long long>(counts_.timeouts), counts_.peak >> 10);
    return counts_.findings > 0 ? 1 : 0;
  }

 private:
  void batch() {
    std::uint64_t count = runs_of_a_child;
    if (options_.runs > 0) count = std::min(count, options_.runs - counts_.runs);
    const fs::path log = fuzz_folder() / "log";
    const pid_t child = fork();
    if (child == 0) run_child(seeds_, options_.series, counts_.runs, count, *shared_, log);
    int status = 0;
    rusage used{};
    wait4(child, &status, 0, &used);
    counts_.peak = std::max(counts_.peak, used.ru_maxrss);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      counts_.runs += count;
      return;
    }
    judge(status, file_text(log));
    counts_.runs = shared_->run + 1;
  }

  void judge(int status, const std::string& log) {
    const bool late = WIFEXITED(status) && WEXITSTATUS(status) == timed_out;
    if (const std::string place = place_in_library(log); !place.empty()) {
      ++(late ? counts_.timeouts : counts_.in_library);
      if (++places_[place] == 1) std::fprintf(stderr, "inside a library:\n%s\n", log.c_str());
      return;
    }
    ++counts_.findings;
    const std::string kept = options_.found + "crash-" + std::to_string(options_.series) + "-" +
                             std::to_string(shared_->run);
    write_bytes(kept, mutated(seeds_, options_.series, shared_->run));
    std::fprintf(stderr, "%s\nFINDING: status %d, the input is kept in %s\n", log.c_str(), status,
                 kept.c_str());
  }

  Options options_;
  std::vector<std::string> seeds_;
  Shared* shared_ = nullptr;
  Counts counts_;
  std::map<std::string, int> places_;  // faults and timeouts inside libraries
};

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::fuzz_folder();  // one for all children
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
  const carousel::Options options = carousel::options_of(argc, argv);
  if (std::filesystem::is_regular_file(options.seeds)) {
    carousel::run_one(carousel::file_text(options.seeds));
    return 0;
  }
  return carousel::Engine(options).run();
}
