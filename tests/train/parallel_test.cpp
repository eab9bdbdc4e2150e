// Sums of shards' gradients: all of them, in a tree that depends on their number alone.

#include "train/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "tensor/random.hpp"

namespace carousel {
namespace {

template <class T>
using Shares = std::vector<std::vector<Tensor<T>>>;

// Powers of two, so that each share that is missing or counted twice is seen.
TEST(SumShares, EachShareCountsOnce) {
  for (std::size_t count = 1; count <= 11; ++count) {
    Shares<double> shares(count);
    for (std::size_t s = 0; s < count; ++s) {
      const double power = double(1 << s);
      shares[s].push_back(Tensor<double>::from({3}, {power, 2 * power, -power}));
      shares[s].push_back(Tensor<double>::from({1}, {0.5 * power}));
    }
    sum_shares(shares, 2);
    const double all = double((1 << count) - 1);
    const Tensor<double>& first = shares[0][0];
    EXPECT_EQ(first.data()[0], all) << count;
    EXPECT_EQ(first.data()[1], 2 * all) << count;
    EXPECT_EQ(first.data()[2], -all) << count;
    EXPECT_EQ(shares[0][1].data()[0], 0.5 * all) << count;
  }
}

// Numbers whose sum depends on the order in which they are added.
TEST(SumShares, AreAddedInABalancedTree) {
  Random random(3, "shares");
  Shares<float> shares(6);
  std::vector<std::vector<float>> v;
  for (auto& share : shares) {
    v.emplace_back();
    for (int i = 0; i < 50; ++i) v.back().push_back(float(random.normal()));
    share.push_back(Tensor<float>::from({50}, v.back()));
  }
  sum_shares(shares, 1);
  for (std::size_t i = 0; i < 50; ++i) {
    const float first = v[0][i] + (v[1][i] + v[2][i]), second = v[3][i] + (v[4][i] + v[5][i]);
    EXPECT_EQ(shares[0][0].data()[i], first + second);
  }
}

// In pieces, by several threads.
TEST(SumShares, OfLargeParametersAreWhole) {
  constexpr Index large = 200'001;
  Shares<float> shares(3);
  for (std::size_t s = 0; s < 3; ++s) {
    for (const Index size : {large, Index{3}, large / 2}) {
      shares[s].push_back(Tensor<float>::uninitialised({size}));
      for (Index i = 0; i < size; ++i) shares[s].back().data()[i] = float((i % 1000) << (2 * s));
    }
  }
  sum_shares(shares, 3);
  for (const Tensor<float>& sum : shares[0]) {
    Index wrong = 0;
    for (Index i = 0; i < sum.numel(); ++i) wrong += sum.data()[i] != float(21 * (i % 1000));
    EXPECT_EQ(wrong, 0) << "of " << sum.numel();
  }
}

TEST(ForEachTask, RunsEachOnce) {
  for (const std::size_t count : {0, 1, 2, 17}) {
    std::vector<std::atomic<int>> runs(count);
    for_each_task(count, [&](std::size_t i) { ++runs[i]; });
    for (const auto& times : runs) EXPECT_EQ(times, 1);
  }
}

}  // namespace
}  // namespace carousel
