#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/sequence_set.hpp"

namespace carousel {

/// Reads polyphonic music: groups train, valid, test, each with `notes` (uint8, steps x 88,
/// 0 or 1) and `lengths` (int64, frames of each sequence).
/// width 0: frames of 88 keys. A larger width: frames indexed by MIDI pitch - 1, as in Chung et
/// al. 2014 (93, 96, 105 or 108), so that key k goes to index k + 20.
/// Throws InputError naming file, group and place when the file is missing, damaged, or holds
/// other values than 0 and 1, or when a note lies beyond the width.
SequenceSet read_music(const std::filesystem::path& path, Index width = 0);

/// Four-voice chords in the style of a chorale, made from a fixed seed: a Markov chain of
/// chords in a key, voiced with small steps. The same layout and sizes as JSB Chorales.
SequenceSet generate_chords(Index width = 0);

/// Where the music sets are looked for: `data_dir` when given, $CAROUSEL_DATA, ./data.
std::vector<std::filesystem::path> music_search_path(const std::string& data_dir,
                                                     const std::string& set);

/// Throws InputError with a suggestion when there is no music set of that name.
void expect_music_set(const std::string& name);

/// A set by name: "chords" is generated; jsb_chorales, nottingham, musedata and piano_midi are
/// read from music/NAME.h5 in the first folder that has it. Throws InputError that names the
/// places looked at, and where to get the set.
SequenceSet load_music(const std::string& name, const std::string& data_dir, Index width = 0);

}  // namespace carousel
