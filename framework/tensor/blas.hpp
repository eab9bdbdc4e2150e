#pragma once

namespace carousel {

/// Keeps the BLAS and LAPACK library on the calling thread. Called before each use: its own
/// threads would fight with TBB's, and make results depend on their number.
void use_one_blas_thread();

}  // namespace carousel
