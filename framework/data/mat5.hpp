#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel {

// MAT-files of version 5, which MATLAB writes unless it is told otherwise (MathWorks, "MAT-File
// Format"). Each size in the file is compared with what is there: a value is in the file, or there
// is an error. libmatio fills with zeros what a damaged file lacks.

/// A file of variables, compressed or not.
class Mat5File {
 public:
  /// Reads the file whole. Throws InputError when it is missing, cut short or of another format.
  explicit Mat5File(const std::filesystem::path& path);

  /// The bytes of a variable, for Mat5Array. Throws InputError when it is damaged, or not there
  /// (and names those that are).
  std::string variable(const std::string& name) const;

  /// Whether numbers in the file have the other order of bytes than in this machine.
  bool swapped() const { return swapped_; }

 private:
  std::string path_, bytes_;
  bool swapped_ = false;
};

/// An array of real numbers or of cells. It refers to bytes, which must outlive it.
class Mat5Array {
 public:
  /// `place` begins the messages. Throws InputError when sizes do not agree, or the array is of
  /// another kind.
  Mat5Array(std::string_view bytes, bool swapped, std::string place);

  /// Whether it is an array of cells; else of numbers.
  bool is_cells() const { return is_cells_; }
  /// Sizes: rows, columns, and so on.
  const std::vector<std::uint64_t>& dims() const { return dims_; }
  /// What messages call it.
  const std::string& place() const { return place_; }
  /// The number at an index, which counts column by column from 0; whole numbers beyond 2^53 are
  /// rounded. For an array of numbers alone.
  double number(std::uint64_t index) const;
  /// Calls action(array) for the array in each cell, in order; each is called "PLACE, cell N",
  /// where N counts from 1. For an array of cells alone.
  void for_each_cell(const std::function<void(const Mat5Array&)>& action) const;

 private:
  std::string_view data_;  // numbers, or the elements in the cells
  bool swapped_;
  std::string place_;
  bool is_cells_ = false;
  std::uint32_t type_ = 0;  // of the numbers, as they are stored
  std::vector<std::uint64_t> dims_;
  std::uint64_t count_ = 0;
};

}  // namespace carousel
