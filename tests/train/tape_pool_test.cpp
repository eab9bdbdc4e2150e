#include "train/tape_pool.hpp"

#include <gtest/gtest.h>

namespace carousel {
namespace {

TEST(TapePool, WhoComesNextFindsTheMemoryAndNoValues) {
  TapePool<float> pool;
  std::size_t bytes = 0;
  for (int turn = 0; turn < 3; ++turn) {
    pool.lend([&](Tape<float>& tape) {
      EXPECT_EQ(tape.size(), 0u);
      EXPECT_EQ(tape.bytes_reserved(), bytes);
      const Var x = tape.constant(Tensor<float>::full({1000}, 2.0f));
      EXPECT_EQ(tape.value(x * x).data()[999], 4.0f);
      bytes = tape.bytes_reserved();
    });
  }
#if !defined(__SANITIZE_ADDRESS__)  // else a tape keeps no memory, so that overruns show
  EXPECT_GE(bytes, 4000u);
#endif
}

TEST(TapePool, TwoAtATimeHaveATapeEach) {
  TapePool<double> pool;
  pool.lend([&](Tape<double>& one) {
    const Var x = one.constant(Tensor<double>::full({}, 3.0));
    pool.lend([&](Tape<double>& other) { EXPECT_NE(&one, &other); });
    EXPECT_EQ(one.value(x).item(), 3.0);
  });
}

}  // namespace
}  // namespace carousel
