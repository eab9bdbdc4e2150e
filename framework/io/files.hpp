#pragma once

#include <filesystem>
#include <string>

namespace carousel {

/// The whole text of a file. Throws InputError when it can't be read.
std::string read_text(const std::filesystem::path& path);

/// Makes a folder with those above it, where they are not there. Throws EnvironmentError.
void make_folder(const std::filesystem::path& folder);

/// Writes a file beside its place and renames it, so that a reader sees the old text or the new,
/// never half of one. Throws EnvironmentError when the disk or the rights do not allow it.
void write_text(const std::filesystem::path& path, const std::string& text);

/// Puts a finished temporary file in place: flushed to the disk, then renamed.
/// Throws EnvironmentError.
void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

/// Holds a folder for this process alone, so that two runs never write into one; the system
/// lets go of it when the process ends, however it ends.
class FolderLock {
 public:
  /// Throws InputError when another process holds the folder, EnvironmentError when it can't be
  /// opened.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace carousel
