#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace carousel {

/// What a shell command left: its exit code, or -1 when a signal ended it, and all that it printed.
struct CommandResult {
  int code = -1;
  std::string text;
};

inline CommandResult run_shell(const std::string& command) {
  CommandResult result;
  FILE* pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  if (!pipe) return result;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) result.text.append(part, n);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
  return result;
}

}  // namespace carousel
