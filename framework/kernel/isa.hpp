#pragma once

#include <string_view>
#include <vector>

namespace carousel {

/// Instruction sets that the kernels are compiled for. `baseline` is what every processor of
/// the target has (SSE2 on x86-64, NEON on AArch64).
enum class Isa { baseline, avx2, avx512 };

/// "baseline", "avx2+fma" or "avx512".
std::string_view isa_name(Isa isa);

/// Those that this processor can run, worst first.
const std::vector<Isa>& available_isas();

/// The one in use: the best available, or the one named by the environment variable
/// CAROUSEL_ISA (baseline, avx2, avx512). Throws InputError when that one can't run here.
Isa active_isa();

}  // namespace carousel
