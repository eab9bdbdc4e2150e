#include "data/mat_music.hpp"

#include <string>

#include "data/mat5.hpp"
#include "data/music.hpp"

namespace carousel {
namespace {

std::vector<float> sequence_of(const Mat5Array& matrix) {
  const auto& dims = matrix.dims();
  constexpr auto keys = static_cast<std::uint64_t>(piano_keys);
  if (matrix.is_cells() || dims.size() != 2) {
    fail_input("{}: expected a matrix of steps x {} real numbers", matrix.place(), keys);
  }
  if (dims[1] != keys) {
    fail_input("{}: got a matrix of {} x {}, expected steps x {}", matrix.place(), dims[0], dims[1],
               keys);
  }
  if (dims[0] < 2) fail_input("{}: got {} steps, expected 2 or more", matrix.place(), dims[0]);
  std::vector<float> frames(dims[0] * keys);
  for (std::uint64_t k = 0; k < keys; ++k) {
    for (std::uint64_t t = 0; t < dims[0]; ++t) {
      const double value = matrix.number(k * dims[0] + t);
      if (value != 0.0 && value != 1.0) {
        fail_input("{}, row {}, column {}: got {}, expected 0 or 1", matrix.place(), t + 1, k + 1,
                   value);
      }
      frames[t * keys + k] = static_cast<float>(value);
    }
  }
  return frames;
}

SequenceSplit split_of(const Mat5File& file, const std::string& path, const std::string& name) {
  const std::string bytes = file.variable(name);
  const Mat5Array array(bytes, file.swapped(), path + ": " + name);
  if (!array.is_cells()) {
    fail_input("{} is no cell array with a matrix for each sequence", array.place());
  }
  SequenceSplit split;
  split.width = piano_keys;
  array.for_each_cell([&](const Mat5Array& cell) { split.add(sequence_of(cell)); });
  if (split.sequences() == 0) fail_input("{} holds no sequence", array.place());
  return split;
}

}  // namespace

SequenceSet read_mat_music(const std::filesystem::path& path) {
  const Mat5File file(path);
  SequenceSet set;
  set.name = path.stem().string();
  set.source = path.filename().string();
  set.train = split_of(file, path.string(), "traindata");
  set.valid = split_of(file, path.string(), "validdata");
  set.test = split_of(file, path.string(), "testdata");
  return set;
}

}  // namespace carousel
