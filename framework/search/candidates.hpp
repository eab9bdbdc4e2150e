#pragma once
// The cells of a search: the first ones, and candidates that are made from the best so far.

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "search/scores.hpp"
#include "search/search_options.hpp"

namespace carousel {

/// What a candidate has come to in one stage.
struct StageRecord {
  StageFigures figures;         ///< by task
  double score = not_known;     ///< score_of()
  int hidden = 0;               ///< on the first task
  std::int64_t parameters = 0;  ///< of the cell, likewise
};

/// A cell of a search.
struct Candidate {
  std::string name;                  ///< of the cell
  std::string study_name;            ///< as a study calls it: a name, or the path of its file
  std::string text;                  ///< as a .cell file
  StepProgram program;               ///< the text's, at telling_sizes()
  std::size_t first = 0;             ///< the first cell that it goes back to
  int generation = 0;                ///< 0: a first cell
  std::string parent;                ///< empty: a first cell
  std::vector<std::string> changes;  ///< from the parent, in words
  std::map<std::string, StageRecord> stages = {};  ///< those that it came to
  /// "waiting"; then "diverged", "behind" (the bar, or those that were kept) or "survived".
  std::string status = "waiting";
};

/// What became of the mutants of one generation. made is the sum of the others.
struct MutantCounts {
  int made = 0;       ///< mutants drawn
  int twice = 0;      ///< the same equations as of a cell before
  int malformed = 0;  ///< no sound cell (MutantFault)
  int too_large = 0;  ///< beyond a limit
  int diverged = 0;   ///< in training
  int behind = 0;     ///< the bar, or those that were kept
  int survivors = 0;  ///< came through all stages
};

/// The first cells of a search. `registry` takes in those from files. Throws InputError where there
/// is none of a name, where one can't be written with symbolic sizes, or where two are the same.
std::vector<Candidate> first_cells(const CellSearchOptions& options, CellRegistry& registry);

/// Makes the candidates of a generation.
class CandidateMaker {
 public:
  /// All must outlive it. registry: where names of first cells are taken.
  CandidateMaker(const CellSearchOptions& options, const std::vector<Candidate>& first,
                 const CellRegistry& registry);

  /// New cells, none of them made before: mutants of the population, which is ordered by rank. A
  /// parent is drawn with a chance that falls in a line with its rank. What is drawn depends on the
  /// seed, the generation, the number of the mutant, and the population. counts: takes what was
  /// made, twice the same, malformed and too large. Fewer than asked for where 20 times as many
  /// mutants did not give them. Throws Interrupted when `stop` is set.
  std::vector<Candidate> make(int generation, const std::vector<Candidate>& population,
                              MutantCounts& counts, const std::atomic<bool>& stop);

 private:
  bool mutate(Candidate& candidate, Random& random) const;
  std::string free_name(int generation, std::size_t number) const;

  const CellSearchOptions& options_;
  const std::vector<Candidate>& first_;
  const CellRegistry& registry_;
  std::set<std::string> seen_;  // digests of structure_text()
};

}  // namespace carousel
