#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace carousel {

/// Runs `read` in a child process and returns its bytes, so that a library which crashes, hangs or
/// asks for endless memory on a damaged file ends the child and not the program. The child may
/// compute for 10 s and 1 s more for each 10 MB of the file. But under a sanitizer, it may take
/// 128 MiB of memory and 4 times what deflate at its best (1032 : 1) makes of the file. What it
/// prints goes nowhere, and it ends without destructors further up.
/// path: the file that is read, for the limits and the messages.
/// Errors of this library that `read` throws are thrown here, with their messages. Throws
/// InputError when the child dies, or takes more time or memory than it may; EnvironmentError when
/// it can't be started or is ended from outside (Ctrl-C).
std::string isolated(const std::filesystem::path& path, const std::function<std::string()>& read);

}  // namespace carousel
