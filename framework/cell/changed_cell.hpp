#pragma once

#include <string>

#include "cell/cell.hpp"

namespace carousel {

/// The cell with other hyperparameters and, unless `variant` is empty, with one of its single
/// changes (cell/ablation/ablation.hpp), or with several of them, one after the other:
/// "NIG+NP". build() throws InputError where the cell has no such change.
Cell changed_cell(const Cell& cell, const HyperValues& hyper, const std::string& variant);

}  // namespace carousel
