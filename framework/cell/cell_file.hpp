#pragma once

#include <filesystem>
#include <string>

#include "cell/cell.hpp"

namespace carousel {

/// The cell that a user names: one of the registry, or by the path of a .cell file, which is added
/// to the registry together with the cells that it extends and uses, where these are files beside
/// it. Throws InputError and LanguageError; a file whose cell has the name of another one is an
/// error too. The reference is valid until a cell is added.
const Cell& find_or_load(CellRegistry& registry, const std::string& name_or_path);

/// Writes the cells that came from files as FOLDER/NAME.cell, so that a run can be gone on with
/// when the files have changed.
void save_loaded_cells(const CellRegistry& registry, const std::filesystem::path& folder);

}  // namespace carousel
