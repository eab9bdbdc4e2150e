#pragma once

#include "cli/study_commands.hpp"
#include "study/sample.hpp"

namespace carousel {

/// Draws a sample from a trained model of a run and writes it, at --out or in the run folder: a
/// roll as a MIDI file.
int sample_command(CellRegistry& registry, SampleOfRun wanted, const CommonOptions& common);

}  // namespace carousel
