#pragma once

#include <cstdint>
#include <vector>

#include "task/problem.hpp"

namespace carousel {

/// Examples of one update or of one step of an evaluation.
using Batch = std::vector<ExampleId>;

/// What a trial is trained on: the training split, or so many `examples` of it where that is above
/// 0, drawn by the seed; of streams the first ones. Of a problem that makes its examples these are
/// then the same in every epoch. Throws InputError where the split has fewer.
Batch training_examples(const Problem& problem, int examples, std::uint64_t seed);

/// Cuts an epoch into batches of examples of similar length: shuffled (or made anew, see Order),
/// sorted by length in pools of eight batches, cut, and the batches shuffled again. Depends on
/// (seed, epoch) alone. examples: as of training_examples(). Of streams: `batch` equal parts of the
/// split, side by side from their start to their end; what is left over behind the last part is not
/// trained on. Throws InputError where there are fewer examples than streams.
std::vector<Batch> training_batches(const Problem& problem, int batch, std::uint64_t seed,
                                    int epoch, int examples = 0);

/// Cuts a split into batches of similar length, the longest first, each example once.
std::vector<Batch> evaluation_batches(const Problem& problem, Split split, int batch);

/// Examples [first, first + count) of a batch.
struct ShardRange {
  Index first = 0;  ///< place in the batch
  Index count = 0;  ///< how many
  /// Whether both fields agree.
  bool operator==(const ShardRange&) const = default;
};

/// How a batch of so many examples is cut into shards, which run in parallel: as few as have at
/// most `shard` examples each, but two from 8 examples on; all equal but for one example, the
/// larger ones first. Depends on the arguments alone, so that results do not depend on threads.
/// Throws InputError where `shard` is not positive.
std::vector<ShardRange> cut_into_shards(Index examples, Index shard);

/// What an evaluation does: runs of batches, each example once. Batches of a run go on from one
/// another; different runs may go at a time. Of streams: 16 nearly equal parts of the split (or as
/// many as it has examples), those of a shard a run. Else: runs of one batch, the shards of the
/// split, the longest examples first. shard: as of cut_into_shards().
std::vector<std::vector<Batch>> evaluation_runs(const Problem& problem, Split split, int shard);
/// The same of these examples of a split alone; of streams they follow one another.
std::vector<std::vector<Batch>> evaluation_runs(const Problem& problem, Split split, int shard,
                                                Batch ids);

/// Terms of the loss of the given examples together.
Index terms_of(const Problem& problem, Split split, Ids ids);

}  // namespace carousel
