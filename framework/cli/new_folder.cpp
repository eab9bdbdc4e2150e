#include "cli/new_folder.hpp"

#include "io/files.hpp"

namespace carousel {

NewFolder::NewFolder(const std::string& out, const std::string& name)
    : path_(out), is_given_(!out.empty()) {
  if (is_given_) return;
  const std::filesystem::path base = std::filesystem::path("runs") / name;
  make_folder(base.parent_path());
  path_ = base;
  for (int n = 2; !make_new_folder(path_); ++n) path_ = base.string() + "-" + std::to_string(n);
}

NewFolder::~NewFolder() {
  std::error_code ignored;  // that it is not empty
  if (!is_given_) std::filesystem::remove(path_, ignored);
}

}  // namespace carousel
