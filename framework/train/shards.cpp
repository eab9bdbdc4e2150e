#include "train/shards.hpp"

#include <tbb/parallel_for.h>
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#include <algorithm>
#include <array>
#include <numeric>

namespace carousel {
namespace {

// TBB's library is not built for the thread sanitizer, which therefore does not see that tasks
// begin after the call and end before its return. These say it.
#if defined(__SANITIZE_THREAD__)
void happens_before(void* point) { __tsan_release(point); }
void happens_after(void* point) { __tsan_acquire(point); }
#else
void happens_before(void*) {}
void happens_after(void*) {}
#endif

// One task an element: the cut never depends on the number of threads.
template <class F>
void for_each_task(std::size_t count, F&& f) {
  char start = 0, end = 0;
  happens_before(&start);
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, count, 1),
      [&](const auto& range) {
        happens_after(&start);
        for (std::size_t i = range.begin(); i != range.end(); ++i) f(i);
        happens_before(&end);
      },
      tbb::simple_partitioner());
  happens_after(&end);
}

// Sum of terms [first, last) as a balanced tree.
template <class T>
Tensor<T> tree_sum(const std::vector<std::vector<Tensor<T>>>& terms, std::size_t parameter,
                   std::size_t first, std::size_t last) {
  if (last - first == 1) return terms[first][parameter];
  const std::size_t middle = first + (last - first) / 2;
  const Tensor<T> left = tree_sum(terms, parameter, first, middle);
  const Tensor<T> right = tree_sum(terms, parameter, middle, last);
  Tensor<T> sum = Tensor<T>::uninitialised(left.shape());
  const std::array<TileArg<T>, 2> args{TileArg<T>{left.data(), 1}, TileArg<T>{right.data(), 1}};
  tile_kernel<T>(Tile::add)(args.data(), {sum.data()}, 1, sum.numel());
  return sum;
}

}  // namespace

Index scored_steps(const SequenceSplit& split, const std::vector<int>& sequences) {
  Index steps = 0;
  for (const int s : sequences) steps += split.lengths.at(static_cast<std::size_t>(s)) - 1;
  return steps;
}

template <class T>
ShardRunner<T>::ShardRunner(const NextFrameModel& model, const SequenceSplit& split, int shard)
    : model_(model), split_(split), shard_(shard) {
  if (shard < 1) fail_input("got shards of {} sequences, expected at least 1", shard);
}

template <class T>
std::vector<std::vector<int>> ShardRunner<T>::cut(const std::vector<int>& sequences) const {
  std::vector<std::vector<int>> shards;
  for (std::size_t i = 0; i < sequences.size(); i += static_cast<std::size_t>(shard_)) {
    const std::size_t end = std::min(sequences.size(), i + static_cast<std::size_t>(shard_));
    shards.emplace_back(sequences.begin() + static_cast<std::ptrdiff_t>(i),
                        sequences.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return shards;
}

template <class T>
double ShardRunner<T>::loss_and_gradients(const std::vector<Tensor<T>>& values,
                                          const std::vector<int>& sequences,
                                          std::vector<Tensor<T>>& gradients) {
  const auto shards = cut(sequences);
  while (tapes_.size() < shards.size()) tapes_.push_back(std::make_unique<Tape<T>>());
  const double scale = 1.0 / static_cast<double>(scored_steps(split_, sequences));
  std::vector<double> losses(shards.size());
  std::vector<std::vector<Tensor<T>>> shares(shards.size());
  for_each_task(shards.size(), [&](std::size_t i) {
    Tape<T>& tape = *tapes_[i];
    tape.clear();
    const std::vector<Var> parameters = leaves(tape, values);
    const Var loss = model_.loss(tape, parameters, next_frame_batch<T>(split_, shards[i]));
    losses[i] = static_cast<double>(tape.value(loss).item());
    shares[i] = tape.gradients(loss * scale, parameters);
    tape.clear();
  });
  gradients.assign(values.size(), {});
  for_each_task(values.size(), [&](std::size_t p) {
    gradients[p] = tree_sum(shares, p, 0, shares.size()).clone();
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

template <class T>
double ShardRunner<T>::mean_loss(const std::vector<Tensor<T>>& values) {
  const auto batches = evaluation_batches(split_, shard_);
  std::vector<double> losses(batches.size());
  for_each_task(batches.size(), [&](std::size_t i) {
    Tape<T> tape;
    std::vector<Var> parameters;
    for (const auto& value : values) parameters.push_back(tape.constant(value));
    const Var loss = model_.loss(tape, parameters, next_frame_batch<T>(split_, batches[i]));
    losses[i] = static_cast<double>(tape.value(loss).item());
  });
  const double steps = static_cast<double>(split_.total() - split_.sequences());
  return std::accumulate(losses.begin(), losses.end(), 0.0) / steps;
}

template <class T>
std::string ShardRunner<T>::find_non_finite(const std::vector<Tensor<T>>& values,
                                            const std::vector<int>& sequences) {
  for (const auto& shard : cut(sequences)) {
    Tape<T> tape;
    tape.set_check_finite(true);
    try {
      const std::vector<Var> parameters = leaves(tape, values);
      const Var loss = model_.loss(tape, parameters, next_frame_batch<T>(split_, shard));
      static_cast<void>(tape.gradients(loss, parameters));
    } catch (const NonFiniteError& error) {
      return error.what();
    }
  }
  return {};
}

template class ShardRunner<float>;
template class ShardRunner<double>;

}  // namespace carousel
