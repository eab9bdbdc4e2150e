#pragma once

#include <span>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Steps [first, last).
struct StepRange {
  Index first = 0,  ///< the first step
      last = 0;     ///< the step behind the last
};

/// The rows of packed sequences, step by step. Sequences are sorted by length, longest first, so
/// that those which still run at step t are the first rows(t) of the batch. A packed tensor holds
/// the rows of step 0, then of step 1, and so on.
///
/// Steps are grouped in chunks, over which the work in front of the loop and behind it is done,
/// and chunks in windows, whose values are kept for the way back. The chunks depend on the
/// lengths alone, so that the number of windows changes no bit of a result.
class PackedSteps {
 public:
  /// Enough rows for a matrix product to be fast, few enough for their values to stay in the
  /// caches.
  static constexpr Index enough_rows = 128;

  /// lengths: falling, the first one at least 1. windows: how many, at most one a chunk; 0: the
  /// square root of the steps. A chunk ends when it has so many steps and rows.
  void reset(const std::vector<Index>& lengths, Index windows, Index chunk_steps = 1,
             Index chunk_rows = enough_rows);

  /// As given to reset().
  const std::vector<Index>& lengths() const { return lengths_; }
  /// Steps of the longest sequence.
  Index steps() const { return lengths_.front(); }
  /// Number of sequences, also of those of no steps.
  Index batch() const { return static_cast<Index>(lengths_.size()); }
  /// Sequences that run at a step; none behind the last one.
  Index rows(Index step) const { return rows_[static_cast<std::size_t>(step)]; }
  /// Rows of all steps in front of this one.
  Index first_row(Index step) const { return first_row_[static_cast<std::size_t>(step)]; }
  /// Rows of all steps of a range.
  Index rows(StepRange range) const { return first_row(range.last) - first_row(range.first); }
  /// The sum of the lengths.
  Index all_rows() const { return first_row_.back(); }

  /// Rows of the longest chunk.
  Index chunk_rows() const { return chunk_rows_; }
  /// The most steps of a chunk.
  Index chunk_steps() const { return chunk_steps_; }
  /// The steps of a chunk, one by one.
  std::span<const StepRange> single_steps(StepRange chunk) const;
  /// The steps of each chunk, in order.
  const std::vector<StepRange>& chunks() const { return chunks_; }
  /// Chunks [first, last) of each window.
  const std::vector<StepRange>& windows() const { return windows_; }
  /// The steps of a window, given as its chunks [first, last).
  StepRange steps_of(StepRange window) const;
  /// The steps of a chunk, cut where a sequence ends.
  std::span<const StepRange> runs(std::size_t chunk) const;

 private:
  void cut_chunks(Index chunk_steps, Index chunk_rows);

  std::vector<Index> lengths_;
  Index chunk_rows_ = 0, chunk_steps_ = 0;
  std::vector<Index> rows_, first_row_;  // of each step, and behind the last one
  std::vector<StepRange> chunks_, windows_, runs_, single_steps_;
  std::vector<std::size_t> first_run_;  // of each chunk, and the end
};

}  // namespace carousel
