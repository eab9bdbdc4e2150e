#include "data/mat_music.hpp"

#include <matio.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "data/music.hpp"

namespace carousel {
namespace {

using MatFile = std::unique_ptr<mat_t, decltype(&Mat_Close)>;
using MatVariable = std::unique_ptr<matvar_t, decltype(&Mat_VarFree)>;

// libmatio takes what is missing for zeros. In version 5 the variables follow a header of 128
// bytes, each with 8 bytes that hold its kind and its size (MathWorks, "MAT-File Format", 1-9).
void expect_whole(const std::filesystem::path& path) {
  constexpr std::uint64_t header_size = 128;
  std::ifstream file(path, std::ios::binary);
  char header[header_size] = {};
  file.read(header, sizeof header);
  const bool little_endian = header[126] == 'I' && header[127] == 'M';
  const std::uint64_t size = std::filesystem::file_size(path);
  std::uint64_t place = header_size;
  while (place < size) {
    unsigned char tag[8] = {};
    file.seekg(static_cast<std::streamoff>(place));
    file.read(reinterpret_cast<char*>(tag), sizeof tag);
    std::uint64_t bytes = 0;
    for (int i = 0; i < 4; ++i) bytes = bytes << 8 | tag[little_endian ? 7 - i : 4 + i];
    place += sizeof tag + bytes;
  }
  if (place != size) {
    fail_input("{}: cut short: it has {} bytes, its last variable ends at {}; get it again",
               path.string(), size, place);
  }
}

MatFile open_mat(const std::filesystem::path& path) {
  Mat_LogInitFunc("carousel", [](int, char*) {});  // what it would print is said in our errors
  if (!std::filesystem::is_regular_file(path)) {
    fail_input("{}: there is no such file", path.string());
  }
  MatFile file(Mat_Open(path.c_str(), MAT_ACC_RDONLY), &Mat_Close);
  // Any bytes pass for version 4, which has no header.
  if (!file || Mat_GetVersion(file.get()) == MAT_FT_MAT4) {
    fail_input("{}: not a MAT-file of version 5 or 7.3 (of another format, or damaged)",
               path.string());
  }
  if (Mat_GetVersion(file.get()) == MAT_FT_MAT5) expect_whole(path);
  return file;
}

std::string names_in(mat_t* file) {
  std::size_t count = 0;
  char** names = Mat_GetDir(file, &count);
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += fmt::format("{}{}", i ? ", " : "", names[i]);
  return all.empty() ? "none that can be read" : all;
}

// The values of a matrix, column by column; `place` stands for it in messages.
template <class T>
std::vector<float> zeros_and_ones(const matvar_t& matrix, const std::string& place) {
  const T* values = static_cast<const T*>(matrix.data);
  const std::size_t steps = matrix.dims[0];
  std::vector<float> frames(steps * static_cast<std::size_t>(piano_keys));
  for (std::size_t k = 0; k < static_cast<std::size_t>(piano_keys); ++k) {
    for (std::size_t t = 0; t < steps; ++t) {
      const T value = values[k * steps + t];
      if (value != T{0} && value != T{1}) {
        fail_input("{}, row {}, column {}: got {}, expected 0 or 1", place, t + 1, k + 1, value);
      }
      frames[t * static_cast<std::size_t>(piano_keys) + k] = static_cast<float>(value);
    }
  }
  return frames;
}

std::vector<float> sequence_of(const matvar_t* matrix, const std::string& place) {
  if (!matrix || matrix->rank != 2 || matrix->isComplex) {
    fail_input("{}: expected a matrix of steps x {} real numbers", place, piano_keys);
  }
  if (matrix->dims[1] != static_cast<std::size_t>(piano_keys)) {
    fail_input("{}: got a matrix of {} x {}, expected steps x {}", place, matrix->dims[0],
               matrix->dims[1], piano_keys);
  }
  if (matrix->dims[0] < 2) {
    fail_input("{}: got {} steps, expected 2 or more", place, matrix->dims[0]);
  }
  const bool numeric = matrix->class_type >= MAT_C_DOUBLE && matrix->class_type <= MAT_C_UINT64;
  if (numeric && !matrix->data) fail_input("{}: can't be read; the file is damaged", place);
  switch (matrix->class_type) {
    case MAT_C_DOUBLE: return zeros_and_ones<double>(*matrix, place);
    case MAT_C_SINGLE: return zeros_and_ones<float>(*matrix, place);
    case MAT_C_INT8: return zeros_and_ones<std::int8_t>(*matrix, place);
    case MAT_C_UINT8: return zeros_and_ones<std::uint8_t>(*matrix, place);
    case MAT_C_INT16: return zeros_and_ones<std::int16_t>(*matrix, place);
    case MAT_C_UINT16: return zeros_and_ones<std::uint16_t>(*matrix, place);
    case MAT_C_INT32: return zeros_and_ones<std::int32_t>(*matrix, place);
    case MAT_C_UINT32: return zeros_and_ones<std::uint32_t>(*matrix, place);
    case MAT_C_INT64: return zeros_and_ones<std::int64_t>(*matrix, place);
    case MAT_C_UINT64: return zeros_and_ones<std::uint64_t>(*matrix, place);
    default: fail_input("{}: expected a full matrix of numbers, got another kind", place);
  }
}

SequenceSplit split_of(mat_t* file, const std::string& path, const std::string& name) {
  const MatVariable variable(Mat_VarRead(file, name.c_str()), &Mat_VarFree);
  if (!variable) {
    fail_input("{}: there is no variable '{}', or it is damaged; variables: {}", path, name,
               names_in(file));
  }
  if (variable->class_type != MAT_C_CELL || !variable->data) {
    fail_input("{}: {} is no cell array with a matrix for each sequence", path, name);
  }
  std::size_t cells = 1;
  for (int d = 0; d < variable->rank; ++d) cells *= variable->dims[d];
  if (cells == 0) fail_input("{}: {} holds no sequence", path, name);
  SequenceSplit split;
  split.width = piano_keys;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::string place = fmt::format("{}: {}, cell {}", path, name, i + 1);
    split.add(sequence_of(Mat_VarGetCell(variable.get(), static_cast<int>(i)), place));
  }
  return split;
}

}  // namespace

SequenceSet read_mat_music(const std::filesystem::path& path) {
  const MatFile file = open_mat(path);
  SequenceSet set;
  set.name = path.stem().string();
  set.source = path.filename().string();
  set.train = split_of(file.get(), path.string(), "traindata");
  set.valid = split_of(file.get(), path.string(), "validdata");
  set.test = split_of(file.get(), path.string(), "testdata");
  return set;
}

}  // namespace carousel
