#pragma once

#include <filesystem>

#include "tensor/tensor.hpp"

namespace carousel {

/// Writes frames as a standard MIDI file of format 0: a frame lasts a quaver, a note that goes on
/// from frame to frame sounds once, and all notes are as loud.
/// frames: [steps, width], 0 or 1; lowest_pitch: MIDI pitch of the first element
/// (lowest_midi_pitch()); tempo: crotchets a minute. Throws InputError when a note lies beyond MIDI
/// pitch 127 or a value is not 0 or 1, EnvironmentError when the file can't be written.
void write_midi(const std::filesystem::path& path, const Tensor<float>& frames, int lowest_pitch,
                double tempo = 100.0);

}  // namespace carousel
