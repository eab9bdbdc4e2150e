#pragma once

#include <algorithm>

#include "tensor/tensor.hpp"
#include "train/batches.hpp"

namespace carousel {

/// The sequences of a shard in values [steps, batch, ..]: a copy, unless they are the whole batch.
template <class T>
Tensor<T> sequences_of(const Tensor<T>& all, const ShardRange& range) {
  if (!all.defined() || all.shape()[1] == range.count) return all;
  Shape shape = all.shape();
  const Index batch = shape[1], steps = shape[0], width = all.numel() / (steps * batch);
  shape[1] = range.count;
  auto part = Tensor<T>::uninitialised(shape);
  for (Index t = 0; t < steps; ++t) {
    std::copy_n(all.data() + (t * batch + range.first) * width, range.count * width,
                part.data() + t * range.count * width);
  }
  return part;
}

/// Puts the sequences of a shard at their places in values [steps, batch, ..].
template <class T>
void put_sequences(const Tensor<T>& part, const ShardRange& range, Tensor<T>& all) {
  const Index batch = all.shape()[1], steps = all.shape()[0], width = all.numel() / (steps * batch);
  for (Index t = 0; t < steps; ++t) {
    std::copy_n(part.data() + t * range.count * width, range.count * width,
                all.data() + (t * batch + range.first) * width);
  }
}

}  // namespace carousel
