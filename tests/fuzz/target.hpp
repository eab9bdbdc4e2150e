#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {

/// Reads an input: what a target is. It may throw InputError; whatever else goes wrong is a
/// finding.
void run(std::string_view input);

/// A folder of this process's own for the files that a target's reader wants.
inline const std::filesystem::path& fuzz_folder() {
  static const TemporaryFolder folder;
  return folder.path();
}

/// Where LLVMFuzzerInitialize writes valid files for a start: $FUZZ_SEEDS, or "" when none are
/// wanted.
inline std::filesystem::path seed_folder() {
  const char* folder = std::getenv("FUZZ_SEEDS");
  return folder ? folder : "";
}

/// Ends the process, which is a finding, where something that was read is not as it must be.
inline void must_hold(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Runs f on something that was read, where an InputError is a finding too.
template <class F>
void must_be_accepted(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    must_hold(false, error.what());
  }
}

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Copies every file below a folder of the project whose name ends in `extension`.
inline void copy_seeds(const std::filesystem::path& from, const std::string& extension,
                       const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(CAROUSEL_SOURCE_DIR) / from)) {
    if (entry.path().extension() != extension) continue;
    std::filesystem::copy(entry.path(), to / entry.path().filename(),
                          std::filesystem::copy_options::overwrite_existing);
  }
}

}  // namespace carousel
