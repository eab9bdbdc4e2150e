#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "search/candidates.hpp"
#include "study/study.hpp"

namespace carousel {

/// What a search has come to.
struct SearchResults {
  CellSearchOptions options;  ///< as resolved
  /// The tasks of each stage, by its name, as figures are ordered; known once it was run.
  std::map<std::string, std::vector<std::string>> tasks;
  std::vector<Candidate> population;  ///< the best first
  std::vector<Candidate> all;         ///< first cells, then candidates in the order of their making
  std::vector<MutantCounts> counts;   ///< by generation, from 0: of the first cells
  bool finished = false;              ///< false: `stop` was set
};

/// Starts a search in a new folder, which keeps: search.yaml, the options as resolved; cells/, each
/// candidate as NAME.cell; generations/N/STAGE/, the run folder of each stage, a study;
/// candidates.csv, generations.csv, population.csv and best.md. All but the stages' folders is a
/// function of search.yaml and of what these hold, so nothing else is kept to go on from. Throws
/// InputError, before anything is written, for what is wrong with options, cells, data or folder.
SearchResults start_search(const CellSearchOptions& options, CellRegistry& registry,
                           const StudyRun& run, const std::atomic<bool>& stop,
                           const StudyListener& listener);

/// Goes on with a search: to the same bits as one that was not interrupted, on any number of
/// threads. overrides: key.sub=value; those that leave the stages so far as they are, such as
/// generations=8 for more, are taken. Throws InputError where program, cells or search.yaml have
/// changed otherwise.
SearchResults resume_search(CellRegistry& registry, const StudyRun& run,
                            const std::vector<std::string>& overrides,
                            const std::atomic<bool>& stop, const StudyListener& listener);

/// Whether a folder holds a search.
bool is_search_run(const std::filesystem::path& folder);

}  // namespace carousel
