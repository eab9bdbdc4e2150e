#pragma once

#include <vector>

#include "inspect/inspected_run.hpp"
#include "task/exhibit.hpp"

namespace carousel {

/// What there is to show of an inspected model: the gradient by lag, of every epoch; of the best
/// epoch also each gate along the first example, how often gates are open and closed, the Jacobians
/// along the way and the half-lives of units.
std::vector<Exhibit> exhibits_of(const InspectedModel& model);

}  // namespace carousel
