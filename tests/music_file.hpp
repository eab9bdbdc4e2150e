#pragma once

#include <H5Cpp.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace carousel {

/// A small file in the music layout, the same in each split, which a test may spoil before it is
/// written.
struct MusicFile {
  static constexpr std::size_t keys = 88;

  std::vector<std::int64_t> lengths;
  std::vector<std::uint8_t> notes;  // steps x 88

  explicit MusicFile(std::vector<std::int64_t> of_lengths) : lengths(std::move(of_lengths)) {
    std::size_t steps = 0;
    for (const auto length : lengths) steps += static_cast<std::size_t>(length);
    notes.resize(steps * keys);
  }

  /// `with_test` false leaves the test split out.
  void write(const std::filesystem::path& path, bool with_test = true) const {
    H5::H5File file(path.string(), H5F_ACC_TRUNC);
    for (const char* name : {"train", "valid", "test"}) {
      if (std::string(name) == "test" && !with_test) continue;
      const H5::Group group = file.createGroup(name);
      const hsize_t grid[] = {notes.size() / keys, keys};
      const hsize_t count[] = {lengths.size()};
      group.createDataSet("notes", H5::PredType::STD_U8LE, H5::DataSpace(2, grid))
          .write(notes.data(), H5::PredType::NATIVE_UINT8);
      group.createDataSet("lengths", H5::PredType::STD_I64LE, H5::DataSpace(1, count))
          .write(lengths.data(), H5::PredType::NATIVE_INT64);
    }
  }
};

/// Writes values of any type as a data set over one of that name, of any extent; packed with
/// deflate when `chunk` is given.
template <class T>
void replace_data(const std::filesystem::path& path, const std::string& name,
                  const H5::PredType& type, const std::vector<hsize_t>& extent,
                  const std::vector<T>& values, const std::vector<hsize_t>& chunk = {}) {
  H5::H5File file(path.string(), H5F_ACC_RDWR);
  file.unlink(name);
  H5::DSetCreatPropList how;
  if (!chunk.empty()) {
    how.setChunk(static_cast<int>(chunk.size()), chunk.data());
    how.setDeflate(9);
  }
  const H5::DataSpace space(static_cast<int>(extent.size()), extent.data());
  const H5::DataSet data = file.createDataSet(name, type, space, how);
  if (!values.empty()) data.write(values.data(), type);
}

/// Twelve sequences of 3 to 14 steps: two notes that wander up the keys.
inline MusicFile wandering_notes() {
  std::vector<std::int64_t> lengths;
  for (std::int64_t s = 0; s < 12; ++s) lengths.push_back(3 + s);
  MusicFile file(lengths);
  for (std::size_t row = 0; row * MusicFile::keys < file.notes.size(); ++row) {
    file.notes[row * MusicFile::keys + 30 + row % 7] = 1;
    file.notes[row * MusicFile::keys + 45 + row % 5] = 1;
  }
  return file;
}

}  // namespace carousel
