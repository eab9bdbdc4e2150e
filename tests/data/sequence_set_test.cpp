#include "data/sequence_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

namespace carousel {
namespace {

// Sequence s, frame t holds (100 s + t, -s).
SequenceSplit numbered(const std::vector<int>& lengths) {
  SequenceSplit split;
  split.width = 2;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    std::vector<float> frames;
    for (int t = 0; t < lengths[s]; ++t) {
      frames.push_back(static_cast<float>(100 * static_cast<int>(s) + t));
      frames.push_back(-static_cast<float>(s));
    }
    split.add(frames);
  }
  return split;
}

TEST(NextFrameBatch, PairsEachFrameWithTheNext) {
  const auto split = numbered({3, 4, 2});
  const auto batch = next_frame_batch<double>(split, {1, 2});
  EXPECT_EQ(batch.x.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(batch.lengths, (std::vector<Index>{3, 1}));
  EXPECT_EQ(batch.scored, 4);
  const auto at = [](const Tensor<double>& t, Index step, Index b) {
    return t.data()[(step * 2 + b) * 2];
  };
  for (Index t = 0; t < 3; ++t) {
    EXPECT_EQ(at(batch.x, t, 0), 100.0 + double(t));
    EXPECT_EQ(at(batch.target, t, 0), 101.0 + double(t));
  }
  EXPECT_EQ(at(batch.x, 0, 1), 200.0);
  EXPECT_EQ(at(batch.target, 0, 1), 201.0);
  EXPECT_EQ(at(batch.x, 1, 1), 0.0);  // padding
  const std::vector<double> mask(batch.mask.values().begin(), batch.mask.values().end());
  EXPECT_EQ(mask, (std::vector<double>{1, 1, 1, 0, 1, 0}));
}

// A step reads two frames, and predicts the third.
TEST(NextFrameBatch, AStepReadsItsWholeContext) {
  auto split = numbered({5, 3});
  split.context = 2;
  const auto batch = next_frame_batch<double>(split, {1, 0});
  EXPECT_EQ(batch.lengths, (std::vector<Index>{1, 3}));
  EXPECT_EQ(batch.scored, 4);
  const auto list = [](const Tensor<double>& t) {
    return std::vector<double>(t.values().begin(), t.values().end());
  };
  ASSERT_EQ(batch.x.shape(), (Shape{3, 2, 4}));
  EXPECT_EQ(list(batch.x), (std::vector<double>{100, -1, 101, -1, 0, 0, 1, 0,  //
                                                0,   0,  0,   0,  1, 0, 2, 0,  //
                                                0,   0,  0,   0,  2, 0, 3, 0}));
  ASSERT_EQ(batch.target.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(list(batch.target), (std::vector<double>{102, -1, 2, 0,  //
                                                     0, 0, 3, 0,     //
                                                     0, 0, 4, 0}));
  EXPECT_EQ(list(batch.mask), (std::vector<double>{1, 1, 0, 1, 0, 1}));
}

std::multiset<int> all_of(const std::vector<std::vector<int>>& batches) {
  std::multiset<int> all;
  for (const auto& batch : batches) all.insert(batch.begin(), batch.end());
  return all;
}

TEST(Batches, HoldEachSequenceOnce) {
  std::vector<int> lengths;
  for (int i = 0; i < 53; ++i) lengths.push_back(2 + (i * 7) % 31);
  const auto split = numbered(lengths);
  std::multiset<int> expected;
  for (int i = 0; i < 53; ++i) expected.insert(i);
  EXPECT_EQ(all_of(training_batches(split, 4, 1, 0)), expected);
  EXPECT_EQ(all_of(evaluation_batches(split, 4)), expected);
}

TEST(Batches, DependOnSeedAndEpochAlone) {
  const auto split = numbered(std::vector<int>(40, 5));
  EXPECT_EQ(training_batches(split, 4, 1, 2), training_batches(split, 4, 1, 2));
  EXPECT_NE(training_batches(split, 4, 1, 2), training_batches(split, 4, 1, 3));
  EXPECT_NE(training_batches(split, 4, 1, 2), training_batches(split, 4, 2, 2));
}

TEST(Batches, KeepSimilarLengthsTogether) {
  std::vector<int> lengths;
  for (int i = 0; i < 64; ++i) lengths.push_back(2 + (i * 37) % 64);
  const auto split = numbered(lengths);
  Index padded = 0;
  for (const auto& batch : training_batches(split, 8, 3, 0)) {
    Index longest = 0;
    for (const int s : batch) longest = std::max(longest, split.lengths[std::size_t(s)]);
    padded += longest * static_cast<Index>(batch.size());
  }
  EXPECT_LT(double(padded), 1.15 * double(split.total()));
}

// Else every epoch would begin with the longest sequences.
TEST(Batches, OfAnEpochAreNotInOrderOfLength) {
  std::vector<int> lengths;
  for (int i = 0; i < 64; ++i) lengths.push_back(2 + (i * 37) % 64);
  const auto split = numbered(lengths);
  std::set<Index> begins_with;
  for (int epoch = 0; epoch < 6; ++epoch) {
    std::vector<Index> longest;  // of each batch
    for (const auto& batch : training_batches(split, 8, 3, epoch)) {
      longest.push_back(split.lengths[std::size_t(batch.front())]);
    }
    ASSERT_EQ(longest.size(), 8u);
    begins_with.insert(longest.front());
    EXPECT_FALSE(std::ranges::is_sorted(longest, std::greater<>())) << epoch;
    EXPECT_FALSE(std::ranges::is_sorted(longest)) << epoch;
  }
  EXPECT_GT(begins_with.size(), 2u);
}

TEST(Batches, RefuseASizeOfZero) {
  const auto split = numbered({3});
  EXPECT_THROW(evaluation_batches(split, 0), InputError);
}

}  // namespace
}  // namespace carousel
