#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace carousel {

/// A split of a music file as it is stored, each value checked.
struct StoredMusic {
  std::vector<std::int64_t> lengths;  ///< frames of each sequence, 2 or more
  std::vector<std::uint8_t> notes;    ///< [frames of all sequences, 88], 0 or 1
};

/// train, valid, test
using StoredMusicSplits = std::array<StoredMusic, 3>;
/// Names of the groups of a music file, in the order of StoredMusicSplits.
inline constexpr std::array<const char*, 3> music_splits = {"train", "valid", "test"};

/// Reads a music file in this process, which libhdf5 may crash when the file is damaged. Memory is
/// asked for when the file's size allows it. Throws InputError naming file, group and place.
StoredMusicSplits parse_music_hdf5(const std::filesystem::path& path);

/// The same in a process of its own (io/isolated.hpp).
StoredMusicSplits read_music_hdf5(const std::filesystem::path& path);

}  // namespace carousel
