#pragma once

namespace carousel {

/// Keeps the BLAS and LAPACK library on the calling thread. Called before each use: its own
/// threads would fight with TBB's, and make results depend on their number.
void use_one_blas_thread();

/// The same while it lives, in a process where other modules use that library too; with the end of
/// the last one it has the threads that it had before the first. Any thread may make one.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
};

}  // namespace carousel
