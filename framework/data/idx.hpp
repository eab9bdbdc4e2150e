#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// An array of bytes.
struct IdxArray {
  std::vector<Index> sizes;  ///< such as {60000, 28, 28}
  std::string values;        ///< a byte an element, row-major
};

/// Reads a file of the IDX format (the one of MNIST, http://yann.lecun.com/exdb/mnist) that holds
/// bytes, packed by gzip or not. Throws InputError when it is damaged or of another kind.
IdxArray read_idx(const std::filesystem::path& path);

/// Pictures with a class each.
struct Pictures {
  Index rows = 0,       ///< height of each picture
      columns = 0;      ///< width
  std::string pixels;   ///< [pictures, rows, columns], 0 to 255
  std::string classes;  ///< of each picture

  /// Number of pictures.
  Index count() const { return static_cast<Index>(classes.size()); }
};

/// The pictures of a folder with the files PREFIX-images-idx3-ubyte and PREFIX-labels-idx1-ubyte,
/// each with .gz behind it or not. Throws InputError.
Pictures read_pictures(const std::filesystem::path& folder, const std::string& prefix);

}  // namespace carousel
