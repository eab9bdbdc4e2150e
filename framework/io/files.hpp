#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace carousel {

/// The whole text of a file. Throws InputError when it is not there, not ours to read, or no
/// ordinary file; EnvironmentError when the system fails.
std::string read_text(const std::filesystem::path& path);

/// Whether anything is at a path. A path that can't be looked at (its name is
/// too long, a folder above it is closed to us) has nothing for us: the std::filesystem functions
/// without an error code throw there.
bool is_there(const std::filesystem::path& path);
/// Whether an ordinary file is there, or a link to one; else as is_there().
bool is_file(const std::filesystem::path& path);

/// Makes a folder with those above it, where they are not there. Throws EnvironmentError.
void make_folder(const std::filesystem::path& folder);

/// Makes a folder whose parent is there. Returns false where something of that name is there
/// already, also when another process made it at the same time. Throws EnvironmentError.
bool make_new_folder(const std::filesystem::path& folder);

/// Writes a file beside its place, flushes it to the disk, reads it back and renames it, so that a
/// reader sees the old text or the new, never half of one, whatever happens in between. Throws
/// EnvironmentError when the disk or the rights do not allow it; the old file is kept then.
void write_text(const std::filesystem::path& path, std::string_view text);

/// Puts a finished file in the place of another. Throws EnvironmentError; the other is kept then.
void replace_file(const std::filesystem::path& finished, const std::filesystem::path& path);

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
