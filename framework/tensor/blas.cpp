#include "tensor/blas.hpp"

#include <cblas.h>

#include <mutex>

namespace carousel {
namespace {

// Of all OneBlasThread: how many there are, and the threads in front of the first.
std::mutex scopes_mutex;
int scopes = 0, threads_before = 1;

}  // namespace

void use_one_blas_thread() {
  static const bool done = (openblas_set_num_threads(1), true);
  static_cast<void>(done);
}

OneBlasThread::OneBlasThread() {
  const std::lock_guard lock(scopes_mutex);
  if (scopes++ > 0) return;
  threads_before = openblas_get_num_threads();
  openblas_set_num_threads(1);
}

OneBlasThread::~OneBlasThread() {
  const std::lock_guard lock(scopes_mutex);
  if (--scopes == 0) openblas_set_num_threads(threads_before);
}

}  // namespace carousel
