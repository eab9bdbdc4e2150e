#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "bench/peers/protocol.hpp"
#include "bench/suite/scan_bound.hpp"
#include "bench/suite/turns.hpp"
#include "cell/cell.hpp"

namespace carousel {

/// What `bench catalogue` measures: training steps of one layer, on one thread, in float.
struct CatalogueSuiteOptions {
  std::vector<peers::Sizes> sizes;
  std::vector<std::string> cells;  ///< names in the registry
  int rounds = 7;                  ///< turns of each cell
};

/// A cell at one size beside the least that it can take.
struct CatalogueRow {
  peers::Sizes sizes;
  std::string cell;
  double milliseconds = 0.0;  ///< of a training step, the median of the turns
  ScanBound bound;            ///< reckoned with rates that were measured beside the turns
  std::string part;           ///< of PartTimes: what most of the time goes to
  double part_share = 0.0;    ///< of the time

  /// bound / time: 1 is as fast as can be.
  double share() const { return bound.total() / milliseconds; }
};

/// What a caller learns while the suite runs; functions may be empty.
struct CatalogueListener {
  std::function<void(const std::string&)> note;
  SuiteProgress progress;
  std::function<void(const std::vector<CatalogueRow>&)> rows;  ///< of one size, the worst first
};

/// Runs the suite; ends early, with the sizes so far, when `stop` is set. A cell that can't be
/// built at a size, or would keep more than 4 GiB, is left out with a note. Throws InputError for
/// fewer rounds than 1 and for unknown cells.
std::vector<CatalogueRow> run_catalogue_suite(const CatalogueSuiteOptions& options,
                                              const CellRegistry& registry,
                                              const std::atomic<bool>& stop,
                                              const CatalogueListener& listener);

/// The rows of one size as a table, 80 columns at most, with what the columns mean below.
std::string catalogue_table(const std::vector<CatalogueRow>& rows);
/// All rows as CSV: cell,T,B,I,H,threads,precision,ms,bound_ms,share,part.
std::string catalogue_csv(const std::vector<CatalogueRow>& rows);

}  // namespace carousel
