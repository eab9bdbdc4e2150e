#include "io/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tensor/error.hpp"

namespace carousel {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw EnvironmentError(
      fmt::format("{}: can't {} ({})", path.string(), what, std::strerror(errno)));
}

// An open file; closed with the object.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : path_(path), file_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_open() const { return file_ >= 0; }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail(path_, "write it; has the disk room?");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void flush() const {
    // Some file systems refuse to sync a folder; a rename is still atomic there.
    if (::fsync(file_) != 0 && errno != EINVAL) fail(path_, "flush it to the disk");
  }

  // To the end.
  bool read(std::string& text) const {
    std::array<char, 1 << 16> part;
    for (;;) {
      const ssize_t got = ::read(file_, part.data(), part.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return got == 0;
      text.append(part.data(), static_cast<std::size_t>(got));
    }
  }

  // What close() says: some file systems write no sooner.
  void close() {
    const int failed = ::close(file_);
    file_ = -1;
    if (failed != 0 && errno != EINTR) fail(path_, "write it; has the disk room?");
  }

 private:
  std::filesystem::path path_;
  int file_;
};

void write_whole(const std::filesystem::path& path, std::string_view text) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) fail(path, "write it; does the folder exist, and is it ours to write to?");
  file.write(text);
  file.flush();
  file.close();
  std::string back;
  const Descriptor again(path, O_RDONLY);
  if (!again.is_open() || !again.read(back)) fail(path, "read it back");
  if (back != text) {
    throw EnvironmentError(
        fmt::format("{}: reads back otherwise than it was written", path.string()));
  }
}

void flush_folder(const std::filesystem::path& folder) {
  const Descriptor file(folder, O_RDONLY | O_DIRECTORY);
  if (!file.is_open()) fail(folder, "open this folder to flush it");
  file.flush();
}

}  // namespace

bool is_there(const std::filesystem::path& path) {
  std::error_code nothing_for_us;
  return std::filesystem::exists(path, nothing_for_us);
}

bool is_file(const std::filesystem::path& path) {
  std::error_code nothing_for_us;
  return std::filesystem::is_regular_file(path, nothing_for_us);
}

std::string read_text(const std::filesystem::path& path) {
  constexpr std::array of_the_name = {ENOENT, ENOTDIR, EISDIR, EACCES, ELOOP, ENAMETOOLONG, ENXIO};
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);  // a pipe without a writer would wait
  if (!file.is_open() && std::ranges::find(of_the_name, errno) == of_the_name.end()) {
    fail(path, "open it");
  }
  if (!file.is_open() || !is_file(path)) {
    fail_input("{}: can't read this file; does it exist, and is it an ordinary file?",
               path.string());
  }
  std::string text;
  if (!file.read(text)) fail(path, "read it");
  return text;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw EnvironmentError(
        fmt::format("{}: can't make this folder ({})", folder.string(), error.message()));
  }
}

bool make_new_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0777) == 0) return true;
  if (errno != EEXIST) fail(folder, "make this folder");
  return false;
}

void replace_file(const std::filesystem::path& finished, const std::filesystem::path& path) {
  if (::rename(finished.c_str(), path.c_str()) != 0) fail(path, "put it in its place");
  flush_folder(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  try {
    write_whole(temporary, text);
    replace_file(temporary, path);
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
