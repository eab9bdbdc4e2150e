#include "io/machine.hpp"

#include <H5public.h>
#include <cblas.h>
#include <oneapi/tbb/version.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/version.hpp>
#include <fstream>
#include <limits>
#include <xsimd/config/xsimd_config.hpp>
#include <xtensor/xtensor_config.hpp>

#include "io/version.hpp"
#include "kernel/isa.hpp"
#include "kernel/small_gemm.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      const auto colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "unknown";
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

// The number in a file of the system; `otherwise` where there is none.
std::int64_t number_in(const char* path, std::int64_t otherwise) {
  std::int64_t number = 0;
  return std::ifstream(path) >> number ? number : otherwise;
}

std::int64_t available() {
  constexpr std::int64_t kilobyte = 1024;
  std::ifstream file("/proc/meminfo");
  std::string name;
  for (std::int64_t number = 0; file >> name >> number; file.ignore(80, '\n')) {
    if (name == "MemAvailable:") return number * kilobyte;
  }
  return no_limit;
}

std::int64_t address_space_left() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return no_limit;
  const std::int64_t pages = number_in("/proc/self/statm", 0);
  return static_cast<std::int64_t>(limit.rlim_cur) - pages * sysconf(_SC_PAGESIZE);
}

}  // namespace

std::int64_t memory_left() {
  const std::int64_t of_container = number_in("/sys/fs/cgroup/memory.max", no_limit) -
                                    number_in("/sys/fs/cgroup/memory.current", 0);
  return std::min({available(), of_container, address_space_left()});
}

std::string value_of(const Facts& facts, const std::string& name) {
  const auto found = std::ranges::find(facts, name, &Facts::value_type::first);
  return found == facts.end() ? "unknown" : found->second;
}

Facts place_facts() { return {{"host", host_name()}, {"cpu", cpu_name()}}; }

Facts program_facts() {
  return {{"version", version()},
          {"commit", commit()},
          {"isa", std::string(isa_name(active_isa()))},
          {"xtensor", fmt::format("{}.{}.{}", XTENSOR_VERSION_MAJOR, XTENSOR_VERSION_MINOR,
                                  XTENSOR_VERSION_PATCH)},
          {"xsimd",
           fmt::format("{}.{}.{}", XSIMD_VERSION_MAJOR, XSIMD_VERSION_MINOR, XSIMD_VERSION_PATCH)},
          {"blas", openblas_get_config()},
          {"small products", small_gemm_library()},
          {"tbb", fmt::format("{}.{}", TBB_VERSION_MAJOR, TBB_VERSION_MINOR)},
          {"hdf5", fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE)},
          {"boost", BOOST_LIB_VERSION},
          {"compiler", __VERSION__}};
}

}  // namespace carousel
