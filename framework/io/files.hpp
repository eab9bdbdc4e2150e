#pragma once

#include <filesystem>
#include <string>

namespace carousel {

/// The whole text of a file. Throws InputError when it can't be read.
std::string read_text(const std::filesystem::path& path);

/// Writes a file beside its place and renames it, so that a reader sees the old text or the new,
/// never half of one. Throws EnvironmentError when the disk or the rights do not allow it.
void write_text(const std::filesystem::path& path, const std::string& text);

/// Puts a finished temporary file in place: flushed to the disk, then renamed.
/// Throws EnvironmentError.
void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

}  // namespace carousel
