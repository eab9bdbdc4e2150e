#pragma once

#include <cstdint>
#include <vector>

#include "task/problem.hpp"

namespace carousel {

/// Examples of one update or of one step of an evaluation.
using Batch = std::vector<ExampleId>;

/// Cuts an epoch into batches of examples of similar length: shuffled (or made anew, see Order),
/// sorted by length in pools of eight batches, cut, and the batches shuffled again. Depends on
/// (seed, epoch) alone. Of streams: `batch` equal parts of the split, side by side from their start
/// to their end; what is left over behind the last part is not trained on. Throws InputError where
/// there are fewer examples than streams.
std::vector<Batch> training_batches(const Problem& problem, int batch, std::uint64_t seed,
                                    int epoch);

/// Cuts a split into batches of similar length, the longest first, each example once.
std::vector<Batch> evaluation_batches(const Problem& problem, Split split, int batch);

/// What an evaluation does: runs of batches, each example once. Batches of a run go on from one
/// another; different runs may go at a time. Of streams: 16 nearly equal parts of the split (or as
/// many as it has examples), `batch` of them a run. Else: runs of one of evaluation_batches().
std::vector<std::vector<Batch>> evaluation_runs(const Problem& problem, Split split, int batch);

/// Terms of the loss of the given examples together.
Index terms_of(const Problem& problem, Split split, Ids ids);

}  // namespace carousel
