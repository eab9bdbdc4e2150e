#include "data/sequence_set.hpp"

#include <algorithm>
#include <numeric>

#include "io/digest.hpp"

namespace carousel {

Index SequenceSplit::total() const {
  return std::accumulate(lengths.begin(), lengths.end(), Index{0});
}

const float* SequenceSplit::frame(Index sequence, Index t) const {
  return frames.data() + (starts[static_cast<std::size_t>(sequence)] + t) * width;
}

void SequenceSplit::add(const std::vector<float>& sequence) {
  starts.push_back(static_cast<Index>(frames.size()) / width);
  lengths.push_back(static_cast<Index>(sequence.size()) / width);
  frames.insert(frames.end(), sequence.begin(), sequence.end());
}

std::string digest_of(const SequenceSet& set) {
  Sha256 hash;
  for (const SequenceSplit* split : {&set.train, &set.valid, &set.test}) {
    const Index sizes[] = {split->width, split->context, split->sequences()};
    hash.add(std::span<const Index>(sizes));
    hash.add(std::span<const Index>(split->lengths));
    hash.add(std::span<const float>(split->frames));
  }
  return hash.hex();
}

FrameBatch frame_batch(const SequenceSplit& split, std::span<const std::int64_t> sequences) {
  FrameBatch batch;
  const Index count = static_cast<Index>(sequences.size());
  Index steps = 0;
  for (const std::int64_t s : sequences) {
    batch.lengths.push_back(split.scored(s));
    steps = std::max(steps, batch.lengths.back());
  }
  const Index width = split.width;
  const Index context = split.context;
  batch.x = Tensor<float>::uninitialised({steps, count, context * width});
  batch.target = Tensor<float>::uninitialised({steps, count, width});
  batch.mask = Tensor<float>::uninitialised({steps, count});
  for (Index b = 0; b < count; ++b) {
    const Index s = sequences[static_cast<std::size_t>(b)];
    for (Index t = 0; t < steps; ++t) {
      const Index row = t * count + b;
      float* const x = batch.x.data() + row * context * width;
      float* const target = batch.target.data() + row * width;
      const bool inside = t < batch.lengths[static_cast<std::size_t>(b)];
      batch.mask.data()[row] = inside ? 1.0f : 0.0f;
      if (inside) {
        std::copy_n(split.frame(s, t), context * width, x);
        std::copy_n(split.frame(s, t + context), width, target);
      } else {
        std::fill_n(x, context * width, 0.0f);
        std::fill_n(target, width, 0.0f);
      }
    }
  }
  return batch;
}

}  // namespace carousel
