#pragma once

#include <cstdint>

#include "cell/cell.hpp"
#include "task/problem.hpp"

namespace carousel {

/// The hidden size whose cell has the number of trained parameters nearest to `wanted`, counted
/// over the recurrent layers of the problem's model; of two equally near ones the smaller. Sizes
/// that the cell can't be built for are left out. Compiles nothing. Throws InputError when even the
/// smallest is above twice the number wanted.
int hidden_for_parameters(const Cell& cell, const Problem& problem, const ModelOptions& model,
                          std::int64_t wanted);

}  // namespace carousel
