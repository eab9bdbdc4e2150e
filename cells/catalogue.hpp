#pragma once

#include <string_view>
#include <vector>

#include "cell/cell.hpp"

namespace carousel {

/// A cell file of this folder.
struct CellText {
  std::string_view file;  ///< lstm.cell
  std::string_view text;  ///< the whole file
};

/// All cell files of this folder, by name.
const std::vector<CellText>& catalogue_texts();

/// Adds every cell of this folder.
void register_catalogue(CellRegistry& registry);

}  // namespace carousel
