#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "study/study_options.hpp"

namespace carousel {

/// A stage of a search: a study whose cells are the candidates that have come so far.
struct SearchStage {
  std::string name;    ///< of its run folder too
  StudyOptions study;  ///< its cells are the first cells; each hidden size is solved
  double bar = 0.0;    ///< the least score to go on (search/scores.hpp)
  double keep = 1.0;   ///< at most this share of those that came goes on, the best ones
};

/// A search for cells (Jozefowicz, Zaremba and Sutskever 2015, An Empirical Exploration of
/// Recurrent Network Architectures, section 3), as its YAML file gives it.
struct CellSearchOptions {
  std::string name = "search";      ///< of its run folder too
  std::string description;          ///< a line or two of its author
  std::vector<std::string> cells;   ///< the first cells: names, or paths of .cell files
  std::uint64_t seed = 1;           ///< of the mutations
  int generations = 4;              ///< how often candidates are made
  int candidates = 100;             ///< made in each, to be trained
  int population = 10;              ///< cells that candidates are made from
  int mutations = 3;                ///< at most, from a cell to a candidate
  double growth = 2.0;              ///< MutantLimits
  int nodes = 100;                  ///< MutantLimits
  std::vector<SearchStage> stages;  ///< in order, the cheapest first
};

/// Reads a search file, with the study files that it names, and applies overrides of the form
/// key.sub=value. cells: in the place of those of the file, unless there are none. Paths of cells,
/// studies and data that are in the file's folder are taken from there. Throws InputError naming
/// file, line and key.
CellSearchOptions read_search(const std::filesystem::path& file,
                              const std::vector<std::string>& cells,
                              const std::vector<std::string>& overrides);

/// Every key with its value, as YAML that reads back to the same options.
std::string to_yaml(const CellSearchOptions& options);

}  // namespace carousel
