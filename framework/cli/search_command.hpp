#pragma once

#include "cli/common_options.hpp"

namespace carousel {

/// Where a search for cells begins, and how it goes.
struct SearchArguments {
  std::string search;              // the YAML file
  std::vector<std::string> words;  // first cells, and changes of the form key.sub=value
};

/// Makes cells from cells, and trains them stage by stage. Returns the program's exit code, and
/// throws the library's errors.
int search_command(CellRegistry& registry, const SearchArguments& arguments,
                   const CommonOptions& common, const std::atomic<bool>& stop);
/// Goes on with the search of a run folder, with changes of the form key.sub=value.
int resume_search_command(CellRegistry& registry, const std::string& folder,
                          const std::vector<std::string>& overrides, const CommonOptions& common,
                          const std::atomic<bool>& stop);
/// Prints the population of a search as it stands in its folder.
int search_report_command(const std::string& folder);

}  // namespace carousel
