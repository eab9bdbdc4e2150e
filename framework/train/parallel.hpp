#pragma once

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "tensor/tensor.hpp"
#include "train/tasks.hpp"

namespace carousel {

// TBB's library is not built for the thread sanitizer, which therefore does not see that tasks
// begin after the call that starts them and end before its return. This says it.
class TaskOrder {
 public:
#if defined(__SANITIZE_THREAD__)
  void starts() { __tsan_release(&start_); }
  void task_begins() { __tsan_acquire(&start_); }
  void task_ends() { __tsan_release(&end_); }
  void returns() { __tsan_acquire(&end_); }

 private:
  char start_ = 0, end_ = 0;
#else
  void starts() {}
  void task_begins() {}
  void task_ends() {}
  void returns() {}
#endif
};

/// Calls f(i) for i in [0, count), one TBB task each: the cut never depends on the number of
/// threads. A thread that waits for them takes up no other work in the meantime.
template <class F>
void for_each_task(std::size_t count, F&& f) {
  if (count == 1) return static_cast<void>(f(std::size_t{0}));
  TaskOrder order;
  order.starts();
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const auto& range) {
          order.task_begins();
          for (std::size_t i = range.begin(); i != range.end(); ++i) f(i);
          order.task_ends();
        },
        tbb::simple_partitioner());
  });
  order.returns();
}

/// Calls f(job) for every job of a queue, first come first served, on as many threads as there are.
/// f returns further jobs, which join the end of the queue.
template <class Job, class F>
void run_jobs(const std::vector<Job>& first, F&& f) {
  std::deque<Job> queue(first.begin(), first.end());
  std::mutex mutex;
  TaskOrder order;
  order.starts();
  tbb::task_group group;
  // A task takes whatever is first in the queue, since the order of TBB's own is not that of ours.
  std::function<void()> take_one = [&] {
    order.task_begins();
    std::unique_lock lock(mutex);
    const Job job = queue.front();
    queue.pop_front();
    lock.unlock();
    const std::vector<Job> more = f(job);
    lock.lock();
    queue.insert(queue.end(), more.begin(), more.end());
    lock.unlock();
    order.task_ends();
    for (std::size_t i = 0; i < more.size(); ++i) group.run(take_one);
  };
  for (std::size_t i = 0; i < first.size(); ++i) group.run(take_one);
  group.wait();
  order.returns();
}

/// Sums the shares of several shards, shares[shard][parameter], for the first `parameters` of
/// them, in a balanced tree that depends on the number of shards alone. The sums take the place of
/// the first shard's shares, whose memory must be its own.
template <class T>
void sum_shares(std::vector<std::vector<Tensor<T>>>& shares, std::size_t parameters,
                const TaskRunner& tasks = run_tbb_tasks);

}  // namespace carousel
