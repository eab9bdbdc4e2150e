#pragma once

#include <utility>
#include <vector>

#include "program/plan.hpp"

namespace carousel {

/// New values of states that a node makes elsewhere.
struct StateCopies {
  std::vector<std::pair<Slot, int>> copies;  ///< where each goes, and its node
};

/// Gives the states of a pass their memory, and their new values from node `first` on, where these
/// have none yet; the others are copied. along: against time in a backward pass.
StateCopies place_states(const StepProgram& program, int first, Along along, ScanPlan& plan);

/// Appends a stage that copies to the loop of a pass.
void emit_copies(const StateCopies& states, const std::vector<Slot>& slots, PlanPass& pass);

}  // namespace carousel
