#pragma once

#include <pybind11/pybind11.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

#include <optional>
#include <utility>

#include "tensor/blas.hpp"

namespace carousel::python {

/// Calls f() without the lock of the interpreter, on so many threads, while the BLAS library keeps
/// to the calling thread; after it has the threads that it had, since other modules share it. f
/// must not touch a Python object.
template <class F>
auto work(int threads, F&& f) {
  const pybind11::gil_scoped_release release;
  const OneBlasThread one;
  std::optional<tbb::global_control> more;  // than there are cores: TBB must be told
  if (threads > tbb::info::default_concurrency()) {
    more.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  }
  tbb::task_arena arena(threads);
  return arena.execute(std::forward<F>(f));
}

}  // namespace carousel::python
