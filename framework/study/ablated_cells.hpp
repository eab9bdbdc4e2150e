#pragma once

#include "cell/cell.hpp"
#include "study/study_options.hpp"

namespace carousel {

/// The study with each cell of which StudyCell::ablate asks for changes in the place of that cell:
/// as it is, then each change, in the order of single_changes(). `registry` takes in cells from
/// files. Throws InputError when a cell has no such change, or none at all.
StudyOptions with_ablated_cells(const StudyOptions& options, CellRegistry& registry);

}  // namespace carousel
