#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// The distribution that a set's frames are predicted with.
enum class OutputKind {
  bernoulli,         ///< elements are 0 or 1, independent given the past
  gaussian_mixture,  ///< elements are real: a mixture of Gaussians over the frame
};

/// What is predicted from what, step by step: each frame from the frames before it.
struct FrameTask {
  Index width = 0;    ///< elements of a frame
  Index context = 1;  ///< frames that a step reads: step t reads t .. t + context - 1 and predicts
                      ///< frame t + context
  OutputKind outputs = OutputKind::bernoulli;  ///< what the next frame is predicted as
  Index components = 20;                       ///< of a mixture, as in Chung et al. 2014
};

/// Sequences of frames, one after another in memory.
struct SequenceSplit {
  Index width = 0;             ///< elements of a frame
  Index context = 1;           ///< see FrameTask
  std::vector<Index> lengths;  ///< frames of each sequence
  std::vector<Index> starts;   ///< first frame of each sequence
  std::vector<float> frames;   ///< [sum of lengths, width]

  /// Number of sequences.
  Index sequences() const { return static_cast<Index>(lengths.size()); }
  /// Frames of all sequences together.
  Index total() const;
  /// Steps of a sequence that are predicted and scored: its frames less the context.
  Index scored(Index sequence) const {
    return lengths[static_cast<std::size_t>(sequence)] - context;
  }
  /// Scored steps of all sequences together.
  Index scored_total() const { return total() - context * sequences(); }
  /// Frame t of a sequence, `width` elements; the frames of a sequence follow each other.
  const float* frame(Index sequence, Index t) const;
  /// Adds a sequence of frames: [length, width].
  void add(const std::vector<float>& sequence);
};

/// A data set with its three splits.
struct SequenceSet {
  std::string name;                            ///< what reports call it
  std::string source;                          ///< the file, or how it was made
  SequenceSplit train,                         ///< to learn from
      valid,                                   ///< to choose by
      test;                                    ///< for the last figure
  OutputKind outputs = OutputKind::bernoulli;  ///< of all splits

  /// What is predicted from what; a mixture has its default number of components.
  FrameTask task() const { return {train.width, train.context, outputs}; }
};

/// SHA-256 of what is learnt from a set: sizes, lengths and frames of its splits.
std::string digest_of(const SequenceSet& set);

/// Sequences side by side, for predicting each next frame.
struct FrameBatch {
  Tensor<float> x;             ///< [steps, batch, context width], zero beyond the end
  Tensor<float> target;        ///< [steps, batch, width], the frame after each step's context
  Tensor<float> mask;          ///< [steps, batch], 1 for a step that is scored
  std::vector<Index> lengths;  ///< scored steps of each sequence
};

/// Builds the batch of the given sequences, in their order.
FrameBatch frame_batch(const SequenceSplit& split, std::span<const std::int64_t> sequences);

}  // namespace carousel
