#pragma once

#include <cstdint>
#include <vector>

#include "task/problem.hpp"

namespace carousel {

using Batch = std::vector<ExampleId>;

/// Cuts an epoch into batches of examples of similar length: shuffled (or made anew, see Order),
/// sorted by length in pools of eight batches, cut, and the batches shuffled again. Depends on
/// (seed, epoch) alone.
std::vector<Batch> training_batches(const Problem& problem, int batch, std::uint64_t seed,
                                    int epoch);

/// Cuts a split into batches of similar length, the longest first, each example once.
std::vector<Batch> evaluation_batches(const Problem& problem, Split split, int batch);

/// Terms of the loss of the given examples together.
Index terms_of(const Problem& problem, Split split, Ids ids);

}  // namespace carousel
