#pragma once
// One stage of one generation: a study in a run folder of its own.

#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "search/candidates.hpp"
#include "study/study.hpp"

namespace carousel {

/// Where a stage runs.
struct StagePlace {
  std::filesystem::path folder;  ///< of the stage
  const StudyRun& search;        ///< of the whole search: data, threads, command
};

/// A stage that is to be run, was interrupted, or has ended.
class StageRun {
 public:
  /// study: with the cells, in their order. Throws InputError where the folder holds the stage of
  /// other cells, other options, or another program, unless changes are accepted.
  StageRun(StudyOptions study, const std::vector<const Candidate*>& cells, StagePlace place);

  /// Whether all its trials have ended.
  bool has_ended() const;
  /// Starts it, goes on with it, or reads what it has come to.
  StudyResults run(const CellRegistry& registry, const std::atomic<bool>& stop,
                   const StudyListener& listener) const;

 private:
  bool is_begun() const;
  void expect_same(const std::vector<const Candidate*>& cells) const;

  StudyOptions study_;
  StagePlace place_;
};

/// Names of cells.
using Names = std::set<std::string>;

/// Leaves of the trials of these cells what tables need. Throws Interrupted when `stop` is set.
void drop_parameters_of(const Names& cells, const std::filesystem::path& stage_folder,
                        const std::atomic<bool>& stop);

}  // namespace carousel
