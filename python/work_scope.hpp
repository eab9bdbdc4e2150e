#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <mutex>
#include <utility>

#include "tensor/blas.hpp"
#include "train/tasks.hpp"

namespace carousel::python {

/// Calls f() without the lock of the interpreter, while the BLAS library keeps to the calling
/// thread; after it has the threads that it had, since other modules share it. f must not touch a
/// Python object.
template <class F>
auto without_lock(F&& f) {
  const pybind11::gil_scoped_release release;
  const OneBlasThread one;
  return std::forward<F>(f)();
}

/// Tasks on so many threads of OpenMP, which are those of PyTorch and NumPy: theirs spin for a
/// while after each of their own operators, and would take the cores from threads of ours.
inline TaskRunner openmp_tasks(int threads) {
  return [threads](std::size_t count, const std::function<void(std::size_t)>& f) {
    if (count == 1 || threads == 1) {
      for (std::size_t i = 0; i < count; ++i) f(i);
      return;
    }
    std::exception_ptr problem;
    std::mutex mutex;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (std::size_t i = 0; i < count; ++i) {
      try {
        f(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!problem) problem = std::current_exception();
      }
    }
    if (problem) std::rethrow_exception(problem);
  };
}

}  // namespace carousel::python
