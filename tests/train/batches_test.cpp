#include "train/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

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

TEST(Batches, CountTheTermsOfTheirExamples) {
  const Lengths problem({3, 7, 4});
  EXPECT_EQ(terms_of(problem, Split::train, Batch{0, 1, 1}), 2 + 6 + 6);
}

TEST(Batches, RefuseASizeOfZero) {
  const Lengths problem({3});
  EXPECT_THROW(evaluation_batches(problem, Split::valid, 0), InputError);
}

}  // namespace
}  // namespace carousel
