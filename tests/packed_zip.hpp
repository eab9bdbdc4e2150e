#pragma once

#include <zip.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

namespace carousel {

/// Writes a zip archive whose files are packed by deflate, as np.savez_compressed does.
inline void write_packed_zip(const std::filesystem::path& path,
                             const std::map<std::string, std::string>& files) {
  zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : files) {
    zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
  }
  if (zip_close(zip) != 0) throw std::runtime_error(zip_strerror(zip));
}

}  // namespace carousel
