#include "train/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "temporary_folder.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

// Examples of given lengths, in every split alike.
class Lengths final : public Problem {
 public:
  explicit Lengths(std::vector<int> lengths, Order order = Order::shuffled)
      : lengths_(std::move(lengths)), order_(order) {}
  std::string name() const override { return "lengths"; }
  std::string description() const override { return "made"; }
  Index size(Split) const override { return std::ssize(lengths_); }
  Index length(Split, ExampleId id) const override {
    return lengths_[static_cast<std::size_t>(id) % lengths_.size()];
  }
  Index terms(Split split, ExampleId id) const override { return length(split, id) - 1; }
  Order order() const override { return order_; }
  const std::vector<Metric>& metrics() const override { return metrics_; }
  std::unique_ptr<Model> model(Recurrence&) const override { return nullptr; }

 private:
  std::vector<int> lengths_;
  Order order_;
  std::vector<Metric> metrics_;
};

using Runs = std::vector<std::vector<Batch>>;

std::multiset<ExampleId> all_of(const std::vector<Batch>& batches) {
  std::multiset<ExampleId> all;
  for (const auto& batch : batches) all.insert(batch.begin(), batch.end());
  return all;
}

TEST(Batches, HoldEachSequenceOnce) {
  std::vector<int> lengths;
  for (int i = 0; i < 53; ++i) lengths.push_back(2 + (i * 7) % 31);
  const Lengths problem(lengths);
  std::multiset<ExampleId> expected;
  for (int i = 0; i < 53; ++i) expected.insert(i);
  EXPECT_EQ(all_of(training_batches(problem, 4, 1, 0)), expected);
  EXPECT_EQ(all_of(evaluation_batches(problem, Split::valid, 4)), expected);
}

TEST(Batches, DependOnSeedAndEpochAlone) {
  const Lengths problem(std::vector<int>(40, 5));
  EXPECT_EQ(training_batches(problem, 4, 1, 2), training_batches(problem, 4, 1, 2));
  EXPECT_NE(training_batches(problem, 4, 1, 2), training_batches(problem, 4, 1, 3));
  EXPECT_NE(training_batches(problem, 4, 1, 2), training_batches(problem, 4, 2, 2));
}

TEST(Batches, KeepSimilarLengthsTogether) {
  std::vector<int> lengths;
  for (int i = 0; i < 64; ++i) lengths.push_back(2 + (i * 37) % 64);
  const Lengths problem(lengths);
  Index padded = 0;
  for (const auto& batch : training_batches(problem, 8, 3, 0)) {
    Index longest = 0;
    for (const ExampleId id : batch) longest = std::max(longest, problem.length(Split::train, id));
    padded += longest * static_cast<Index>(batch.size());
  }
  EXPECT_LT(double(padded), 1.15 * double(std::accumulate(lengths.begin(), lengths.end(), 0)));
}

// Else every epoch would begin with the longest sequences.
TEST(Batches, OfAnEpochAreNotInOrderOfLength) {
  std::vector<int> lengths;
  for (int i = 0; i < 64; ++i) lengths.push_back(2 + (i * 37) % 64);
  const Lengths problem(lengths);
  std::set<Index> begins_with;
  for (int epoch = 0; epoch < 6; ++epoch) {
    std::vector<Index> longest;  // of each batch
    for (const auto& batch : training_batches(problem, 8, 3, epoch)) {
      longest.push_back(problem.length(Split::train, batch.front()));
    }
    ASSERT_EQ(longest.size(), 8u);
    begins_with.insert(longest.front());
    EXPECT_FALSE(std::ranges::is_sorted(longest, std::greater<>())) << epoch;
    EXPECT_FALSE(std::ranges::is_sorted(longest)) << epoch;
  }
  EXPECT_GT(begins_with.size(), 2u);
}

// Each epoch and each seed has examples of its own, and every one is new.
TEST(Batches, OfFreshExamplesNeverRepeat) {
  const Lengths problem(std::vector<int>(500, 5), Order::fresh);
  std::set<ExampleId> seen;
  for (const std::uint64_t seed : {1U, 2U}) {
    for (int epoch = 0; epoch < 4; ++epoch) {
      for (const ExampleId id : all_of(training_batches(problem, 8, seed, epoch))) {
        EXPECT_GE(id, 0);
        seen.insert(id);
      }
    }
  }
  EXPECT_EQ(seen.size(), 2u * 4u * 500u);
  EXPECT_EQ(training_batches(problem, 8, 1, 2), training_batches(problem, 8, 1, 2));
}

// The same few in every epoch, whichever order they come in; each seed has its own.
TEST(Batches, OfFewExamplesAreThoseOfTheSeed) {
  for (const Order order : {Order::shuffled, Order::fresh}) {
    const Lengths problem(std::vector<int>(40, 5), order);
    const Batch few = training_examples(problem, 7, 3);
    EXPECT_EQ(std::set<ExampleId>(few.begin(), few.end()).size(), 7u);
    // Those of an epoch by their numbers, which the figures of the split know.
    EXPECT_TRUE(std::ranges::all_of(few, [](ExampleId id) { return id >= 0 && id < 40; }));
    EXPECT_NE(few, training_examples(problem, 7, 4));
    for (const int epoch : {0, 1, 5}) {
      EXPECT_EQ(all_of(training_batches(problem, 3, 3, epoch, 7)),
                std::multiset<ExampleId>(few.begin(), few.end()));
    }
    EXPECT_NE(training_batches(problem, 3, 3, 0, 7), training_batches(problem, 3, 3, 1, 7));
    EXPECT_EQ(std::ssize(training_examples(problem, 40, 3)), 40);
    EXPECT_EQ(error_of<InputError>([&] { training_examples(problem, 41, 3); }),
              "train.examples is 41, and lengths has 40 training examples; 0 takes all");
  }
  const Lengths problem(std::vector<int>(40, 5));
  const Batch few = training_examples(problem, 7, 3);
  Batch seen;
  for (const auto& run : evaluation_runs(problem, Split::train, 2, few)) {
    ASSERT_EQ(run.size(), 1u);
    seen.insert(seen.end(), run[0].begin(), run[0].end());
  }
  EXPECT_EQ(seen, few) << "of one length they stay in their order";
}

TEST(Batches, OfFewPiecesOfAStreamAreTheFirst) {
  const Lengths problem(std::vector<int>(40, 5), Order::streams);
  EXPECT_EQ(training_examples(problem, 4, 3), (Batch{0, 1, 2, 3}));
  EXPECT_EQ(training_batches(problem, 2, 3, 0, 5), (std::vector<Batch>{{0, 2}, {1, 3}}));
  EXPECT_EQ(evaluation_runs(problem, Split::train, 16, {0, 1, 2}), (Runs{{{0, 1, 2}}}));
}

TEST(Batches, CountTheTermsOfTheirExamples) {
  const Lengths problem({3, 7, 4});
  EXPECT_EQ(terms_of(problem, Split::train, Batch{0, 1, 1}), 2 + 6 + 6);
}

TEST(Batches, OfAnEvaluationBeginWithTheLongest) {
  const Lengths problem({3, 7, 4, 7, 5});
  EXPECT_EQ(evaluation_batches(problem, Split::valid, 2),
            (std::vector<Batch>{{1, 3}, {4, 2}, {0}}));
  EXPECT_EQ(evaluation_batches(problem, Split::valid, 5), (std::vector<Batch>{{1, 3, 4, 2, 0}}));
  EXPECT_EQ(evaluation_runs(problem, Split::valid, 2), (Runs{{{1, 3}}, {{4, 2}}, {{0}}}));
}

// A pool of eight batches is sorted by length, then all batches of the epoch are shuffled.
TEST(Batches, AreCutFromPoolsOfEight) {
  std::vector<int> lengths;
  for (int i = 0; i < 45; ++i) lengths.push_back(2 + (i * 7) % 19);
  Random random(4, Random::hash("order", 6));
  const std::vector<int> order = random.permutation(45);
  std::vector<Batch> cut;
  for (std::size_t pool = 0; pool < 45; pool += 16) {
    std::vector<int> part(order.begin() + std::ptrdiff_t(pool),
                          order.begin() + std::ptrdiff_t(std::min<std::size_t>(pool + 16, 45)));
    std::ranges::stable_sort(part, std::greater<>(),
                             [&](int id) { return lengths[std::size_t(id)]; });
    for (std::size_t i = 0; i < part.size(); i += 2) {
      cut.push_back({part[i]});
      if (i + 1 < part.size()) cut.back().push_back(part[i + 1]);
    }
  }
  ASSERT_EQ(cut.size(), 23u);
  std::vector<Batch> expected;
  for (const int i : random.permutation(23)) expected.push_back(cut[std::size_t(i)]);
  EXPECT_EQ(training_batches(Lengths(lengths), 2, 4, 6), expected);
}

// What is left over behind the last stream is not trained on.
TEST(Batches, OfStreamsRunSideBySide) {
  const Lengths problem(std::vector<int>(11, 5), Order::streams);
  const std::vector<Batch> expected = {{0, 3, 6}, {1, 4, 7}, {2, 5, 8}};
  EXPECT_EQ(training_batches(problem, 3, 1, 0), expected);
  EXPECT_EQ(training_batches(problem, 3, 2, 5), expected) << "whatever seed and epoch";
  EXPECT_EQ(training_batches(problem, 11, 1, 0).size(), 1u);
  EXPECT_THROW(training_batches(problem, 12, 1, 0), InputError);
}

// Twenty pieces: four streams of two, twelve of one.
TEST(Batches, AnEvaluationOfStreamsHasSixteenOfThem) {
  const Lengths problem(std::vector<int>(20, 5), Order::streams);
  const Runs runs = evaluation_runs(problem, Split::valid, 3);
  ASSERT_EQ(runs.size(), 6u);
  EXPECT_EQ(runs[0], (std::vector<Batch>{{0, 2, 4}, {1, 3, 5}}));
  EXPECT_EQ(runs[1], (std::vector<Batch>{{6, 8, 9}, {7}}));
  EXPECT_EQ(runs[2], (std::vector<Batch>{{10, 11, 12}}));
  EXPECT_EQ(runs[4], (std::vector<Batch>{{16, 17}}));
  EXPECT_EQ(runs[5], (std::vector<Batch>{{18, 19}}));
  EXPECT_EQ(evaluation_runs(Lengths({5, 5}, Order::streams), Split::valid, 9), (Runs{{{0, 1}}}));
  EXPECT_EQ(evaluation_runs(problem, Split::valid, 16).size(), 2u) << "shards of eight";
}

std::vector<Index> sizes_of_shards(Index examples, Index shard) {
  std::vector<Index> sizes;
  Index first = 0;
  for (const ShardRange& range : cut_into_shards(examples, shard)) {
    EXPECT_EQ(range.first, first) << examples << " in shards of " << shard;
    sizes.push_back(range.count);
    first += range.count;
  }
  EXPECT_EQ(first, examples) << "in shards of " << shard;
  return sizes;
}

TEST(Shards, AreEqualButForOneExample) {
  using Sizes = std::vector<Index>;
  EXPECT_EQ(sizes_of_shards(20, 16), (Sizes{10, 10}));
  EXPECT_EQ(sizes_of_shards(33, 16), (Sizes{11, 11, 11}));
  EXPECT_EQ(sizes_of_shards(64, 16), (Sizes{16, 16, 16, 16}));
  EXPECT_EQ(sizes_of_shards(11, 4), (Sizes{4, 4, 3}));
  EXPECT_EQ(sizes_of_shards(5, 1), (Sizes{1, 1, 1, 1, 1}));
  EXPECT_EQ(sizes_of_shards(0, 4), Sizes{});
}

TEST(Shards, AreTwoWhereABatchIsLargeEnough) {
  using Sizes = std::vector<Index>;
  EXPECT_EQ(sizes_of_shards(7, 16), (Sizes{7}));
  EXPECT_EQ(sizes_of_shards(8, 16), (Sizes{4, 4}));
  EXPECT_EQ(sizes_of_shards(10, 16), (Sizes{5, 5}));
  EXPECT_EQ(sizes_of_shards(15, 1000), (Sizes{8, 7}));
}

TEST(Shards, AreFewAndNeverLargerThanAskedFor) {
  for (Index examples = 1; examples < 70; ++examples) {
    for (Index shard = 1; shard < 40; ++shard) {
      const auto sizes = sizes_of_shards(examples, shard);
      EXPECT_LE(sizes.front(), shard);
      EXPECT_LE(sizes.front() - sizes.back(), 1);
      EXPECT_LE(std::ssize(sizes), std::max<Index>((examples + shard - 1) / shard, 2));
    }
  }
  EXPECT_THROW(cut_into_shards(3, 0), InputError);
}

TEST(Batches, RefuseASizeOfZero) {
  const Lengths problem({3});
  EXPECT_THROW(evaluation_batches(problem, Split::valid, 0), InputError);
  EXPECT_THROW(training_batches(problem, 0, 1, 0), InputError);
}

}  // namespace
}  // namespace carousel
