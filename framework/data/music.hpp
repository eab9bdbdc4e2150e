#pragma once

#include <filesystem>

#include "data/music_hdf5.hpp"
#include "data/sequence_set.hpp"

namespace carousel {

/// Keys of a piano, the width of the sets as they are.
inline constexpr Index piano_keys = 88;

/// MIDI pitch of a frame's first element: 21 (A0) for width 0, the 88 keys; else 1.
int lowest_midi_pitch(Index width);

/// Reads polyphonic music: groups train, valid, test, each with `notes` (uint8, steps x 88,
/// 0 or 1) and `lengths` (int64, frames of each sequence).
/// width 0: frames of 88 keys. A larger width: frames indexed by MIDI pitch - 1, as in Chung et
/// al. 2014 (93, 96, 105 or 108), so that key k goes to index k + 20.
/// Throws InputError naming file, group and place when the file is missing, damaged, or holds
/// other values than 0 and 1, or when a note lies beyond the width.
SequenceSet read_music(const std::filesystem::path& path, Index width = 0);

/// The set that a file's stored splits make; `path` and `width` as above. Throws InputError when
/// the lengths do not add up to the steps, or a note lies beyond the width.
SequenceSet music_set(const StoredMusicSplits& stored, const std::filesystem::path& path,
                      Index width);

/// Four-voice chords in the style of a chorale, made from a fixed seed: a Markov chain of
/// chords in a key, voiced with small steps. The same layout and sizes as JSB Chorales.
SequenceSet generate_chords(Index width = 0);

}  // namespace carousel
