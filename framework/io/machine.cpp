#include "io/machine.hpp"

#include <H5public.h>
#include <cblas.h>
#include <oneapi/tbb/version.h>
#include <unistd.h>

#include <array>
#include <boost/version.hpp>
#include <fstream>
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

}  // namespace

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
