#pragma once

#include <cstddef>
#include <functional>

namespace carousel {

/// How tasks are run: calls f(i) for i in [0, count), in any order and at the same time where it
/// can, and returns when all have ended. What one of them throws it throws again.
using TaskRunner =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& f)>;

/// Tasks of TBB, in the calling thread's arena.
void run_tbb_tasks(std::size_t count, const std::function<void(std::size_t)>& f);

}  // namespace carousel
