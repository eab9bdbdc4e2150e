#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Samples in a second that a spoken digit must have.
constexpr int recording_rate = 8000;
/// Parts of the set, as split.tsv writes them.
constexpr std::array<std::string_view, 3> split_names = {"train", "valid", "test"};

/// A recording of somebody who says a digit.
struct Recording {
  std::size_t split = 0;       ///< of split_names
  std::string file;            ///< below wav/
  std::string speaker;         ///< as split.tsv names who speaks
  Index digit = 0;             ///< 0 to 9
  std::string sha256;          ///< of the file's bytes
  std::vector<float> samples;  ///< in units of full scale, -1 to 1
};

/// Reads spoken digits: `folder`/split.tsv and the recordings `folder`/wav/*.wav, mono at 8000 Hz,
/// in the order of the table. The columns of split.tsv, UTF-8, parted by tabs, are split (train,
/// valid or test), file, digit (0 to 9), speaker, index, samples, sha256 (of the file's bytes). No
/// recording may be listed twice. Throws InputError naming file and place when something is
/// missing, damaged or of another form.
std::vector<Recording> read_recordings(const std::filesystem::path& folder);

}  // namespace carousel
