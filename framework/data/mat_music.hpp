#pragma once

#include <filesystem>

#include "data/sequence_set.hpp"

namespace carousel {

/// Reads polyphonic music in its public form: a MAT-file of version 5 with the cell arrays
/// traindata, validdata and testdata, one cell a sequence, each a matrix of steps x 88 zeros and
/// ones of any numeric class or logical. Frames are of 88 keys. Throws InputError naming file,
/// variable, cell, row and column, counted from 1 as in MATLAB.
SequenceSet read_mat_music(const std::filesystem::path& path);

}  // namespace carousel
