#pragma once

#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// Sequences of frames, one after another in memory.
struct SequenceSplit {
  Index width = 0;             // elements of a frame
  std::vector<Index> lengths;  // frames of each sequence
  std::vector<Index> starts;   // first frame of each sequence
  std::vector<float> frames;   // [sum of lengths, width]

  Index sequences() const { return static_cast<Index>(lengths.size()); }
  /// Frames of all sequences together.
  Index total() const;
  const float* frame(Index sequence, Index t) const;
  /// Adds a sequence of frames: [length, width].
  void add(const std::vector<float>& sequence);
};

/// A data set with its three splits.
struct SequenceSet {
  std::string name;
  std::string source;  // the file, or how it was made
  SequenceSplit train, valid, test;
};

/// Sequences side by side, for predicting each next frame: steps 2..T are scored.
template <class T>
struct Batch {
  Tensor<T> x;                 // [steps, batch, width], frames 1..T-1, zero beyond the end
  Tensor<T> target;            // [steps, batch, width], frames 2..T, zero beyond the end
  Tensor<T> mask;              // [steps, batch], 1 for a step that is scored
  std::vector<Index> lengths;  // scored steps of each sequence
  Index scored = 0;            // their sum
};

/// Builds the batch of the given sequences, in their order.
template <class T>
Batch<T> next_frame_batch(const SequenceSplit& split, const std::vector<int>& sequences);

/// Cuts an epoch into batches of sequences of similar length: shuffled, sorted by length in
/// pools of eight batches, cut, and the batches shuffled again. Depends on (seed, epoch) alone.
std::vector<std::vector<int>> training_batches(const SequenceSplit& split, int batch,
                                               std::uint64_t seed, int epoch);

/// Cuts a split into batches of similar length, each sequence once, for evaluation.
std::vector<std::vector<int>> evaluation_batches(const SequenceSplit& split, int batch);

}  // namespace carousel
