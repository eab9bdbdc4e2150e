#pragma once

#include "cli/study_commands.hpp"
#include "train/sample.hpp"

namespace carousel {

/// Draws music from a trained model of a run and writes it as a MIDI file, at --out or in the run
/// folder.
int sample_command(CellRegistry& registry, SampleRequest request, const CommonOptions& common);

}  // namespace carousel
