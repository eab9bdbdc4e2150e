#pragma once

#include <filesystem>
#include <string>

#include "data/sequence_set.hpp"

namespace carousel {

/// Writes music of 88 keys in the layout that read_music() takes, over what is there. Throws
/// EnvironmentError.
void write_music(const std::filesystem::path& path, const SequenceSet& set);

/// SHA-256, in hexadecimal, of what a set of 88 keys holds, whatever the file is like: for train,
/// valid and test in turn the lengths as little-endian int64, then the notes as one byte each, step
/// by step.
std::string music_digest(const SequenceSet& set);

}  // namespace carousel
