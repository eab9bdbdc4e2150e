#include "train/batches.hpp"

#include <algorithm>
#include <numeric>

#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr int batches_per_pool = 8;

void sort_by_length(const Problem& problem, Split split, Batch::iterator first,
                    Batch::iterator last) {
  std::stable_sort(first, last, [&](ExampleId a, ExampleId b) {
    return problem.length(split, a) > problem.length(split, b);
  });
}

std::vector<Batch> cut(const Batch& order, int batch) {
  if (batch < 1) fail_input("got a batch of {} sequences, expected at least 1", batch);
  std::vector<Batch> batches;
  const auto size = static_cast<std::size_t>(batch);
  for (std::size_t i = 0; i < order.size(); i += size) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(i);
    batches.emplace_back(first,
                         first + static_cast<std::ptrdiff_t>(std::min(size, order.size() - i)));
  }
  return batches;
}

// Numbers that no other stream has, but for one chance in 2^62 a pair.
Batch fresh_ids(Index count, Random random) {
  Batch ids;
  for (Index i = 0; i < count; ++i) {
    ids.push_back(static_cast<ExampleId>(random.below(std::uint64_t{1} << 62)));
  }
  return ids;
}

std::vector<Batch> stream_batches(Index examples, int streams) {
  const Index steps = examples / std::max(streams, 1);
  if (steps < 1) {
    fail_input("got {} pieces of a sequence for {} streams; take a smaller train.batch", examples,
               streams);
  }
  std::vector<Batch> batches(static_cast<std::size_t>(steps));
  for (Index t = 0; t < steps; ++t) {
    for (Index s = 0; s < streams; ++s)
      batches[static_cast<std::size_t>(t)].push_back(s * steps + t);
  }
  return batches;
}

Batch all_of(const Problem& problem, Split split) {
  Batch ids(static_cast<std::size_t>(problem.size(split)));
  std::iota(ids.begin(), ids.end(), ExampleId{0});
  return ids;
}

}  // namespace

Batch training_examples(const Problem& problem, int examples, std::uint64_t seed) {
  Batch ids = all_of(problem, Split::train);
  if (examples == 0) return ids;
  const auto count = static_cast<std::size_t>(examples);
  if (count > ids.size()) {
    fail_input("train.examples is {}, and {} has {} training examples; 0 takes all", examples,
               problem.name(), ids.size());
  }
  Random random(seed, "few examples");
  if (problem.order() != Order::streams) {
    const std::vector<int> permutation = random.permutation(static_cast<int>(ids.size()));
    ids.assign(permutation.begin(), permutation.end());
  }
  ids.resize(count);
  std::ranges::sort(ids);
  return ids;
}

std::vector<Batch> training_batches(const Problem& problem, int batch, std::uint64_t seed,
                                    int epoch, int examples) {
  const Batch all = training_examples(problem, examples, seed);
  if (problem.order() == Order::streams) return stream_batches(std::ssize(all), batch);
  const auto number = static_cast<std::uint64_t>(epoch);
  Random random(seed, Random::hash("order", number));
  Batch order;
  for (const int i : random.permutation(static_cast<int>(all.size()))) {
    order.push_back(all[static_cast<std::size_t>(i)]);
  }
  if (problem.order() == Order::fresh && examples == 0) {
    order = fresh_ids(std::ssize(order), {seed, Random::hash("fresh examples", number)});
  }
  const std::size_t pool = static_cast<std::size_t>(std::max(batch, 1) * batches_per_pool);
  for (std::size_t i = 0; i < order.size(); i += pool) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(i);
    sort_by_length(problem, Split::train, first,
                   first + static_cast<std::ptrdiff_t>(std::min(pool, order.size() - i)));
  }
  const auto batches = cut(order, batch);
  std::vector<Batch> shuffled;
  for (const int i : random.permutation(static_cast<int>(batches.size()))) {
    shuffled.push_back(batches[static_cast<std::size_t>(i)]);
  }
  return shuffled;
}

std::vector<Batch> evaluation_batches(const Problem& problem, Split split, int batch) {
  Batch ids = all_of(problem, split);
  sort_by_length(problem, split, ids.begin(), ids.end());
  return cut(ids, batch);
}

std::vector<ShardRange> cut_into_shards(Index examples, Index shard) {
  constexpr Index two_from = 8;  // a single thread loses little by two of four
  if (shard < 1) fail_input("got shards of {} sequences, expected at least 1", shard);
  const Index fewest = (examples + shard - 1) / shard;
  const Index count = fewest == 1 && examples >= two_from ? 2 : fewest;
  std::vector<ShardRange> ranges;
  for (Index first = 0, s = 0; s < count; ++s) {
    const Index size = examples / count + (s < examples % count ? 1 : 0);
    ranges.push_back({first, size});
    first += size;
  }
  return ranges;
}

std::vector<std::vector<Batch>> evaluation_runs(const Problem& problem, Split split, int shard) {
  return evaluation_runs(problem, split, shard, all_of(problem, split));
}

std::vector<std::vector<Batch>> evaluation_runs(const Problem& problem, Split split, int shard,
                                                Batch ids) {
  std::vector<std::vector<Batch>> runs;
  const Index examples = std::ssize(ids);
  if (problem.order() != Order::streams) {
    sort_by_length(problem, split, ids.begin(), ids.end());
    for (const ShardRange& range : cut_into_shards(examples, shard)) {
      const auto first = ids.begin() + range.first;
      runs.push_back({Batch(first, first + range.count)});
    }
    return runs;
  }
  constexpr Index most_streams = 16;
  const Index streams = std::min(most_streams, examples);
  for (const ShardRange& range : cut_into_shards(streams, shard)) {
    std::vector<Batch> run;
    // The longer streams come first, so that the last batch holds the first few of them.
    for (Index t = 0; t * streams < examples; ++t) {
      Batch pieces;
      for (Index s = range.first; s < range.first + range.count; ++s) {
        const Index longer = examples % streams, steps = examples / streams;
        const Index begin = s * steps + std::min(s, longer);
        if (t < steps + (s < longer ? 1 : 0)) {
          pieces.push_back(ids[static_cast<std::size_t>(begin + t)]);
        }
      }
      if (!pieces.empty()) run.push_back(std::move(pieces));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

Index terms_of(const Problem& problem, Split split, Ids ids) {
  Index terms = 0;
  for (const ExampleId id : ids) terms += problem.terms(split, id);
  return terms;
}

}  // namespace carousel
