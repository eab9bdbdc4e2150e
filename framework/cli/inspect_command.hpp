#pragma once

#include "cli/common_options.hpp"
#include "inspect/inspected_run.hpp"

namespace carousel {

/// Inspects models of a run: prints the main figures, writes all of them into RUN/inspect, and the
/// report of the run anew with the pictures. A signal ends it at once: nothing is half-written.
int inspect_command(CellRegistry& registry, ModelOfRun wanted, const InspectOptions& options,
                    const CommonOptions& common);

}  // namespace carousel
