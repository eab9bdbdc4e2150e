#pragma once

#include <span>
#include <vector>

#include "inspect/inspected_run.hpp"
#include "task/exhibit.hpp"

namespace carousel {

/// What there is to show of one trial, inspected at some moments: the gradient by lag at each of
/// them; at the best epoch also each gate along the first example, how often gates are open and
/// closed, the Jacobians along the way and the half-lives of units.
std::vector<Exhibit> exhibits_of(std::span<const InspectedModel> moments);

}  // namespace carousel
