#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/sequence_set.hpp"

namespace carousel {

/// Throws InputError with a suggestion when there is no data set of that name.
void expect_set(const std::string& name);

/// The folders that may hold data sets, in the order in which they are looked at: `data_dir` when
/// given, $CAROUSEL_DATA when set, ./data.
std::vector<std::filesystem::path> data_folders(const std::string& data_dir);

/// Where a set is looked for in each of data_folders(). Empty for a set that is generated. Throws
/// InputError when there is no set of that name.
std::vector<std::filesystem::path> set_search_path(const std::string& name,
                                                   const std::string& data_dir);

/// A set by name (docs/data.md lists them), from the first place of its search path that exists.
/// width: of a frame, for the music sets alone; 0: as the set has it.
/// Throws InputError that names the places looked at and a generated set that can stand in.
SequenceSet load_set(const std::string& name, const std::string& data_dir, Index width = 0);

}  // namespace carousel
