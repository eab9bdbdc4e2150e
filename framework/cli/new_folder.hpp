#pragma once

#include <filesystem>
#include <string>

namespace carousel {

/// The folder of a new run: --out, or the first of runs/NAME, runs/NAME-2, .. that is free, which
/// is made at once: others may start now too. That one goes away again where nothing was written
/// into it.
class NewFolder {
 public:
  NewFolder(const std::string& out, const std::string& name);
  ~NewFolder();
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool is_given_;
};

}  // namespace carousel
