#include "kernel/isa.hpp"

#include <cstdlib>
#include <string>

#include "tensor/error.hpp"

namespace carousel {

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::baseline: return "baseline";
    case Isa::avx2: return "avx2+fma";
    case Isa::avx512: return "avx512";
  }
  fail_bug("unknown instruction set");
}

const std::vector<Isa>& available_isas() {
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found{Isa::baseline};
#if defined(__x86_64__)
    // Unlike the processor's own flags, these also say whether the system saves the registers.
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      found.push_back(Isa::avx2);
    }
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512cd")) {
      found.push_back(Isa::avx512);
    }
#endif
    return found;
  }();
  return isas;
}

Isa active_isa() {
  static const Isa isa = [] {
    const char* wanted = std::getenv("CAROUSEL_ISA");
    if (!wanted) return available_isas().back();
    std::string known;
    for (const Isa candidate : available_isas()) {
      const std::string_view name = isa_name(candidate);
      if (name.substr(0, name.find('+')) == wanted) return candidate;
      known += fmt::format("{}{}", known.empty() ? "" : ", ", name.substr(0, name.find('+')));
    }
    fail_input("CAROUSEL_ISA is '{}'; this processor can run: {}", wanted, known);
  }();
  return isa;
}

}  // namespace carousel
