#include "tensor/arena.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>

#include "tensor/random.hpp"
#include "tensor/tensor.hpp"

namespace carousel {
namespace {

// Under the address sanitizer every block comes from the heap, so that overruns show.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool counts_bytes = false;
#else
constexpr bool counts_bytes = true;
#endif

bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 64 == 0; }

// A training step in small: many sizes alive at once, freed out of order.
void step(Arena& arena, int seed) {
  Random random(static_cast<std::uint64_t>(seed % 5), "sizes");
  std::vector<Storage> live;
  for (int i = 0; i < 200; ++i) {
    live.push_back(arena.allocate(1 + random.below(20000)));
    if (i % 3 == 0)
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(random.below(live.size())));
  }
}

TEST(Arena, ReservesNoMoreOnceTheStepsHaveRun) {
  if (!counts_bytes) GTEST_SKIP() << "no chunks under the address sanitizer";
  Arena arena;
  for (int i = 0; i < 5; ++i) step(arena, i);
  const std::size_t reserved = arena.bytes_reserved();
  EXPECT_GT(reserved, 0u);
  for (int i = 0; i < 100; ++i) {
    step(arena, i);
    ASSERT_EQ(arena.bytes_reserved(), reserved) << "step " << i;
  }
}

TEST(Arena, HandsOutAFreedBlockAgain) {
  if (!counts_bytes) GTEST_SKIP() << "no chunks under the address sanitizer";
  Arena arena;
  Storage first = arena.allocate(1000);
  void* const memory = first.data();
  first = {};
  EXPECT_EQ(arena.allocate(1000).data(), memory);
  Storage again = arena.allocate(990);
  EXPECT_EQ(again.data(), memory) << "sizes of one class share blocks";
  EXPECT_NE(arena.allocate(1000).data(), memory) << "the block is in use";
}

TEST(Arena, CountsItsBlocksAndNotTheMemoryTheyAreCutFrom) {
  if (!counts_bytes) GTEST_SKIP() << "no chunks under the address sanitizer";
  Arena arena;
  const Storage first = arena.allocate(1000);
  EXPECT_GE(arena.bytes_reserved(), 1000u);
  EXPECT_LE(arena.bytes_reserved(), 1500u);
  const Storage second = arena.allocate(1000);
  EXPECT_GE(arena.bytes_reserved(), 2000u);
  EXPECT_LE(arena.bytes_reserved(), 3000u);
}

TEST(Arena, LargeBlocksFit) {
  Arena arena;
  const std::size_t bytes = std::size_t{5} << 20;
  const Storage large = arena.allocate(bytes);
  std::memset(large.data(), 1, bytes);
  if (counts_bytes) {
    EXPECT_GE(arena.bytes_reserved(), bytes);
  }
  EXPECT_TRUE(aligned(large.data()));
}

// Rounding to a size class must never round down: neighbours would overlap.
TEST(Arena, BlocksOfAnySizeAreAlignedAndDoNotOverlap) {
  Arena arena;
  std::vector<Storage> live;
  std::vector<std::size_t> sizes;
  for (int round = 0; round < 2; ++round) {  // fresh blocks, then used ones
    live.clear();
    sizes.clear();
    for (std::size_t bytes = 0; bytes < 3000; bytes += 1 + bytes / 13) {
      live.push_back(arena.allocate(bytes));
      sizes.push_back(bytes);
      ASSERT_TRUE(aligned(live.back().data())) << bytes;
      std::memset(live.back().data(), static_cast<int>(live.size() % 251), bytes);
    }
    for (std::size_t k = 0; k < live.size(); ++k) {
      const auto* bytes = static_cast<const unsigned char*>(live[k].data());
      for (std::size_t i = 0; i < sizes[k]; ++i) ASSERT_EQ(bytes[i], (k + 1) % 251) << sizes[k];
    }
  }
}

TEST(Arena, ATensorOutlivesIt) {
  Tensor<double> kept;
  {
    Arena arena;
    const auto dropped = Tensor<double>::full({100}, 1.0, &arena);
    kept = Tensor<double>::full({1000}, 2.5, &arena);
  }
  for (const double v : kept.values()) ASSERT_EQ(v, 2.5);
  kept.data()[999] = 3.0;
  const Tensor<double> shared = kept;
  kept = {};
  EXPECT_EQ(shared.data()[999], 3.0);
}

TEST(Arena, OtherThreadsMayLetGoOfBlocks) {
  Arena arena;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      std::vector<Tensor<float>> mine;
      for (int i = 0; i < 50; ++i) mine.push_back(Tensor<float>::full({64 + i}, float(t), &arena));
      threads.emplace_back([t, mine = std::move(mine)]() mutable {
        for (const auto& tensor : mine) {
          for (const float v : tensor.values()) ASSERT_EQ(v, float(t));
        }
        mine.clear();
      });
      // The owner goes on allocating while the others free.
      for (int i = 0; i < 50; ++i) Tensor<float>::full({64 + i}, -1.0f, &arena);
    }
    for (auto& thread : threads) thread.join();
  }
  if (counts_bytes) {
    EXPECT_LE(arena.bytes_reserved(), std::size_t{1} << 20);
  }
}

TEST(Arena, TheLastBlockMayBeFreedByAnotherThreadAfterTheArena) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> go{false};
    std::thread other;
    {
      Arena arena;
      other = std::thread([&go, kept = Tensor<float>::full({256}, 4.0f, &arena)]() mutable {
        while (!go) std::this_thread::yield();
        ASSERT_EQ(kept.data()[255], 4.0f);
        kept = {};
      });
      go = true;  // races with the arena's end on purpose
    }
    other.join();
  }
}

TEST(Storage, HeapBlocksAreCountedToo) {
  Storage a = Storage::heap(10);
  EXPECT_TRUE(aligned(a.data()));
  EXPECT_TRUE(a.unique());
  Storage b = a;
  EXPECT_FALSE(a.unique());
  Storage c = std::move(b);
  EXPECT_EQ(c.data(), a.data());
  c = {};
  EXPECT_TRUE(a.unique());
  EXPECT_EQ(Storage().data(), nullptr);
  EXPECT_FALSE(Storage().unique());
}

}  // namespace
}  // namespace carousel
