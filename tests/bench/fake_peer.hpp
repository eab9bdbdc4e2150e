#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace carousel {

/// Writes a peer program that runs `body`, shell text, for each line that it reads.
inline std::filesystem::path write_fake_peer(const std::filesystem::path& path,
                                             const std::string& body) {
  std::ofstream(path) << "#!/bin/sh\nwhile read -r word rest; do\n" << body << "\ndone\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

}  // namespace carousel
