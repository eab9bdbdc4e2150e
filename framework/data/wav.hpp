#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// What a recording must be.
struct WavForm {
  Index samples = 0;    ///< how many
  int sample_rate = 0;  ///< Hz
  std::string sha256;   ///< of the file's bytes, in lower-case hexadecimal
};

/// Samples of a WAV file of one channel, in units of full scale, -1 to 1; those of floats may be
/// larger. Integers of 8 to 32 bits and floats of 32 and 64 bits are read. Throws InputError naming
/// the file and, for values that are NaN or infinite, the sample, counted from 0.
std::vector<float> read_wav(const std::filesystem::path& path, const WavForm& expected);

}  // namespace carousel
