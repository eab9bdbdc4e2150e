#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tensor/random.hpp"

namespace carousel {

/// The bytes of an IDX file.
inline std::string idx_bytes(const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string bytes{0, 0, 8, static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  }
  return bytes + values;
}

inline void write_gzip(const std::filesystem::path& path, const std::string& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

/// A folder as that of MNIST, with pictures drawn by chance, of three classes.
/// counts: pictures to train and to test with.
inline void write_pictures(const std::filesystem::path& folder, std::uint32_t rows,
                           std::uint32_t columns, std::array<std::uint32_t, 2> counts) {
  std::filesystem::create_directories(folder);
  Random random(1, "pictures");
  for (std::size_t part = 0; part < 2; ++part) {
    const std::string prefix = part == 0 ? "train" : "t10k";
    std::string pixels, classes;
    for (std::uint32_t k = 0; k < counts[part]; ++k) {
      classes += static_cast<char>(k % 3);
      for (std::uint32_t p = 0; p < rows * columns; ++p) {
        pixels += static_cast<char>(random.below(4) * 40 * (k % 3));
      }
    }
    write_gzip(folder / (prefix + "-images-idx3-ubyte.gz"),
               idx_bytes({counts[part], rows, columns}, pixels));
    std::ofstream(folder / (prefix + "-labels-idx1-ubyte"), std::ios::binary)
        << idx_bytes({counts[part]}, classes);
  }
}

}  // namespace carousel
