#pragma once

#include <tbb/parallel_for.h>
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// Calls f(i) for i in [0, count), one TBB task each: the cut never depends on the number of
/// threads.
template <class F>
void for_each_task(std::size_t count, F&& f) {
  // TBB's library is not built for the thread sanitizer, which therefore does not see that tasks
  // begin after the call and end before its return. These say it.
#if defined(__SANITIZE_THREAD__)
  char start = 0, end = 0;
  const auto happens_before = [](char* point) { __tsan_release(point); };
  const auto happens_after = [](char* point) { __tsan_acquire(point); };
#else
  [[maybe_unused]] char start = 0, end = 0;
  const auto happens_before = [](char*) {};
  const auto happens_after = [](char*) {};
#endif
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

/// Sums the shares of several shards, shares[shard][parameter], for the first `parameters` of
/// them, in a balanced tree that depends on the number of shards alone. The sums take the place of
/// the first shard's shares, whose memory must be its own.
template <class T>
void sum_shares(std::vector<std::vector<Tensor<T>>>& shares, std::size_t parameters);

}  // namespace carousel
