#pragma once

#include "cli/common_options.hpp"
#include "study/open_model.hpp"

namespace carousel {

/// Draws a sample from a trained model of a run. Of music it is written as a MIDI file, at --out or
/// in the run folder; a text goes to the standard output as it is drawn, and to --out, if given.
int sample_command(CellRegistry& registry, ModelOfRun wanted, SampleRequest request,
                   const CommonOptions& common);

}  // namespace carousel
