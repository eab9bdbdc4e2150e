#include "io/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tensor/error.hpp"

namespace carousel {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw EnvironmentError(
      fmt::format("{}: can't {} ({})", path.string(), what, std::strerror(errno)));
}

void sync(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(path, "open it to flush it");
  const int failed = ::fsync(file);
  ::close(file);
  // Some file systems refuse to sync a folder; the rename is still atomic there.
  if (failed != 0 && errno != EINVAL) fail(path, "flush it to the disk");
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  const bool is_file = std::filesystem::is_regular_file(path);
  if (is_file && std::filesystem::is_empty(path))
    return "";  // the stream would call that a failure
  if (!is_file || !(text << file.rdbuf())) {
    fail_input("{}: can't read this file; does it exist?", path.string());
  }
  return text.str();
}

void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path) {
  sync(temporary);
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) {
    throw EnvironmentError(fmt::format("{}: can't put {} in its place ({})", path.string(),
                                       temporary.string(), error.message()));
  }
  sync(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw EnvironmentError(
        fmt::format("{}: can't make this folder ({})", folder.string(), error.message()));
  }
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  try {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) fail(path, "write it; does the folder exist, and has the disk room?");
    commit_file(temporary, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(folder, "open this folder");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    fail_input("{}: another process is working in this run folder", folder.string());
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace carousel
