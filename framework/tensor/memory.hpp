#pragma once

namespace carousel {

/// Has the C library keep what a program frees: what a training step gives back is what the next
/// one takes, while memory that comes from the system anew is cleared page by page. Of glibc, for
/// blocks of at most 32 MiB; elsewhere it does nothing. Once, when a program starts.
void keep_freed_memory();

}  // namespace carousel
