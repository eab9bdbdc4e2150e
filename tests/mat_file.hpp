#pragma once

#include <matio.h>

#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "data/sequence_set.hpp"

namespace carousel {

/// Writes MAT-files of version 5, as the music sets are published.
class MatFile {
 public:
  explicit MatFile(const std::filesystem::path& path,
                   matio_compression compression = MAT_COMPRESSION_ZLIB)
      : file_(Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5), &Mat_Close),
        compression_(compression) {}

  /// A matrix from its rows, of the class of T. The caller frees it, by putting it in a cell.
  template <class T>
  static matvar_t* matrix(const std::vector<std::vector<T>>& rows, int flags = 0) {
    const std::size_t columns = rows.empty() ? 0 : rows[0].size();
    std::vector<T> by_column;
    for (std::size_t k = 0; k < columns; ++k) {
      for (const auto& row : rows) by_column.push_back(row[k]);
    }
    std::size_t dims[] = {rows.size(), columns};
    return Mat_VarCreate(nullptr, class_of<T>().first, class_of<T>().second, 2, dims,
                         by_column.data(), flags);
  }

  /// A row of cells; frees them.
  void cells(const char* name, std::vector<matvar_t*> cells) {
    cells.push_back(nullptr);
    std::size_t dims[] = {1, cells.size() - 1};
    matvar_t* array = Mat_VarCreate(name, MAT_C_CELL, MAT_T_CELL, 2, dims, cells.data(), 0);
    Mat_VarWrite(file_.get(), array, compression_);
    Mat_VarFree(array);
  }

  /// The sequences of a split as a row of cells of class T.
  template <class T>
  void split(const char* name, const SequenceSplit& split, int flags = 0) {
    std::vector<matvar_t*> sequences;
    for (Index s = 0; s < split.sequences(); ++s) {
      std::vector<std::vector<T>> rows;
      for (Index t = 0; t < split.lengths[static_cast<std::size_t>(s)]; ++t) {
        const float* frame = split.frame(s, t);
        rows.emplace_back(frame, frame + split.width);
      }
      sequences.push_back(matrix(rows, flags));
    }
    cells(name, sequences);
  }

 private:
  template <class T>
  static std::pair<matio_classes, matio_types> class_of() {
    if constexpr (std::is_same_v<T, double>) return {MAT_C_DOUBLE, MAT_T_DOUBLE};
    else if constexpr (std::is_same_v<T, float>) return {MAT_C_SINGLE, MAT_T_SINGLE};
    else if constexpr (std::is_same_v<T, std::uint8_t>) return {MAT_C_UINT8, MAT_T_UINT8};
    else if constexpr (std::is_same_v<T, std::int16_t>) return {MAT_C_INT16, MAT_T_INT16};
    else if constexpr (std::is_same_v<T, std::int64_t>) return {MAT_C_INT64, MAT_T_INT64};
    else {
      static_assert(std::is_same_v<T, std::uint64_t>);
      return {MAT_C_UINT64, MAT_T_UINT64};
    }
  }

  std::unique_ptr<mat_t, decltype(&Mat_Close)> file_;
  matio_compression compression_;
};

}  // namespace carousel
