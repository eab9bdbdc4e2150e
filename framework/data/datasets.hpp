#pragma once

#include <string>

#include "data/sequence_set.hpp"

namespace carousel {

/// A set of frames by its name (docs/data.md lists them), or somebody's own by its path: a music
/// file, or a folder of recordings, which is cut into pieces of 500 samples.
/// width: of a frame, for music alone; 0: as the set has it. Throws InputError.
SequenceSet load_set(const std::string& name_or_path, const std::string& data_dir, Index width = 0);

}  // namespace carousel
