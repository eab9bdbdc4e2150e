#include "data/sequence_set.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

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
  const auto batch = next_frame_batch(split, std::vector<std::int64_t>{1, 2});
  EXPECT_EQ(batch.x.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(batch.lengths, (std::vector<Index>{3, 1}));
  const auto at = [](const Tensor<float>& t, Index step, Index b) {
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
  const auto batch = next_frame_batch(split, std::vector<std::int64_t>{1, 0});
  EXPECT_EQ(batch.lengths, (std::vector<Index>{1, 3}));
  const auto list = [](const Tensor<float>& t) {
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

}  // namespace
}  // namespace carousel
