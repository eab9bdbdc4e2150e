#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// What a checkpoint keeps of one trial, by name. A name may hold slashes: they become groups
/// of the file, as in "parameters/layers/0/forward/W_z".
struct Archive {
  std::map<std::string, std::string> texts;       ///< attributes of the trial's group
  std::map<std::string, std::int64_t> counters;   ///< attributes
  std::map<std::string, double> numbers;          ///< attributes
  std::map<std::string, Tensor<float>> floats;    ///< datasets
  std::map<std::string, Tensor<double>> doubles;  ///< datasets

  /// An entry by name. Each throws InputError when it is missing.
  const std::string& text(const std::string& name) const;
  /// A whole number by name, as text().
  std::int64_t counter(const std::string& name) const;
  /// A number by name, as text().
  double number(const std::string& name) const;
  /// An array of this precision by name, as text().
  template <class T>
  const Tensor<T>& tensor(const std::string& name) const;
  ///@{
  /// All arrays of a precision: `floats` or `doubles`.
  template <class T>
  std::map<std::string, Tensor<T>>& tensors();
  template <class T>
  const std::map<std::string, Tensor<T>>& tensors() const {
    return const_cast<Archive*>(this)->tensors<T>();
  }
};

/// Writes archives to an HDF5 file, one group each, behind a block of text with the SHA-256 of all
/// the rest (HDF5's user block). Made and read back in memory, then written as write_text() does.
/// Row-major, little-endian; readable by h5py. Throws EnvironmentError; the file that was there is
/// kept then.
void write_archives(const std::filesystem::path& path,
                    const std::map<std::string, Archive>& archives);

/// Reads them back. Throws InputError when the file is missing, of another form, or has changed by
/// as much as a bit since it was written.
std::map<std::string, Archive> read_archives(const std::filesystem::path& path);

}  // namespace carousel
