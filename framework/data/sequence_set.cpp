#include "data/sequence_set.hpp"

#include <algorithm>
#include <numeric>

#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr int batches_per_pool = 8;

void sort_by_length(const SequenceSplit& split, std::vector<int>::iterator first,
                    std::vector<int>::iterator last) {
  std::stable_sort(first, last, [&](int a, int b) {
    return split.lengths[static_cast<std::size_t>(a)] > split.lengths[static_cast<std::size_t>(b)];
  });
}

std::vector<std::vector<int>> cut(const std::vector<int>& order, int batch) {
  if (batch < 1) fail_input("got a batch of {} sequences, expected at least 1", batch);
  std::vector<std::vector<int>> batches;
  const auto size = static_cast<std::size_t>(batch);
  for (std::size_t i = 0; i < order.size(); i += size) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(i);
    batches.emplace_back(first,
                         first + static_cast<std::ptrdiff_t>(std::min(size, order.size() - i)));
  }
  return batches;
}

}  // namespace

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

template <class T>
Batch<T> next_frame_batch(const SequenceSplit& split, const std::vector<int>& sequences) {
  Batch<T> batch;
  const Index count = static_cast<Index>(sequences.size());
  Index steps = 0;
  for (const int s : sequences) {
    batch.lengths.push_back(split.scored(s));
    steps = std::max(steps, batch.lengths.back());
    batch.scored += batch.lengths.back();
  }
  const Index width = split.width;
  const Index context = split.context;
  batch.x = Tensor<T>::zeros({steps, count, context * width});
  batch.target = Tensor<T>::zeros({steps, count, width});
  batch.mask = Tensor<T>::zeros({steps, count});
  for (Index b = 0; b < count; ++b) {
    const Index s = sequences[static_cast<std::size_t>(b)];
    for (Index t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t) {
      const Index row = t * count + b;
      std::copy_n(split.frame(s, t), context * width, batch.x.data() + row * context * width);
      std::copy_n(split.frame(s, t + context), width, batch.target.data() + row * width);
      batch.mask.data()[row] = T(1);
    }
  }
  return batch;
}

std::vector<std::vector<int>> training_batches(const SequenceSplit& split, int batch,
                                               std::uint64_t seed, int epoch) {
  Random random(seed, Random::hash("order", static_cast<std::uint64_t>(epoch)));
  std::vector<int> order = random.permutation(static_cast<int>(split.sequences()));
  const std::size_t pool = static_cast<std::size_t>(std::max(batch, 1) * batches_per_pool);
  for (std::size_t i = 0; i < order.size(); i += pool) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(i);
    sort_by_length(split, first,
                   first + static_cast<std::ptrdiff_t>(std::min(pool, order.size() - i)));
  }
  const auto batches = cut(order, batch);
  std::vector<std::vector<int>> shuffled;
  for (const int i : random.permutation(static_cast<int>(batches.size()))) {
    shuffled.push_back(batches[static_cast<std::size_t>(i)]);
  }
  return shuffled;
}

std::vector<std::vector<int>> evaluation_batches(const SequenceSplit& split, int batch) {
  std::vector<int> order(static_cast<std::size_t>(split.sequences()));
  std::iota(order.begin(), order.end(), 0);
  sort_by_length(split, order.begin(), order.end());
  return cut(order, batch);
}

template Batch<float> next_frame_batch(const SequenceSplit&, const std::vector<int>&);
template Batch<double> next_frame_batch(const SequenceSplit&, const std::vector<int>&);

}  // namespace carousel
