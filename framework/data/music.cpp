#include "data/music.hpp"

#include <cstdint>

#include "io/hdf5_file.hpp"

namespace carousel {
namespace {

constexpr int lowest_pitch_index = 20;  // MIDI pitch 21 (A0), counted from pitch 1

// Two-dimensional, or one-dimensional as a single column.
struct Grid {
  hsize_t rows = 0, columns = 1;
};

Grid grid_of(const H5::DataSet& dataset) {
  const H5::DataSpace space = dataset.getSpace();
  hsize_t dims[2] = {0, 1};
  if (space.getSimpleExtentNdims() < 1 || space.getSimpleExtentNdims() > 2) {
    throw H5::DataSetIException("grid_of", "expected one or two dimensions");
  }
  space.getSimpleExtentDims(dims);
  return {dims[0], dims[1]};
}

SequenceSplit read_split(const std::filesystem::path& path, const H5::H5File& file,
                         const std::string& name, Index width) {
  std::vector<std::uint8_t> notes;
  std::vector<std::int64_t> lengths;
  Grid grid;
  reading_hdf5(path, "/" + name + "/notes", [&] {
    const H5::DataSet dataset = file.openDataSet(name + "/notes");
    grid = grid_of(dataset);
    notes.resize(grid.rows * grid.columns);
    dataset.read(notes.data(), H5::PredType::NATIVE_UINT8);
  });
  reading_hdf5(path, "/" + name + "/lengths", [&] {
    const H5::DataSet dataset = file.openDataSet(name + "/lengths");
    lengths.resize(grid_of(dataset).rows);
    dataset.read(lengths.data(), H5::PredType::NATIVE_INT64);
  });
  if (grid.columns != static_cast<hsize_t>(piano_keys)) {
    fail_input("{}: /{}/notes has {} columns, expected {}", path.string(), name, grid.columns,
               piano_keys);
  }
  SequenceSplit split;
  split.width = width == 0 ? piano_keys : width;
  const Index shift = width == 0 ? 0 : lowest_pitch_index;
  std::size_t row = 0;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] < 2 || static_cast<hsize_t>(lengths[s]) > grid.rows - row) {
      fail_input("{}: /{}/lengths[{}] is {}, expected 2 or more steps, and {} in all",
                 path.string(), name, s, lengths[s], grid.rows);
    }
    std::vector<float> frames(static_cast<std::size_t>(lengths[s] * split.width), 0.0f);
    for (Index t = 0; t < lengths[s]; ++t, ++row) {
      for (Index k = 0; k < piano_keys; ++k) {
        const std::uint8_t note =
            notes[row * static_cast<std::size_t>(piano_keys) + static_cast<std::size_t>(k)];
        if (note == 0) continue;
        if (note != 1 || k + shift >= split.width) {
          fail_input("{}: /{}/notes[{}, {}] is {}, expected 0 or 1, and 0 beyond a width of {}",
                     path.string(), name, row, k, note, split.width);
        }
        frames[static_cast<std::size_t>(t * split.width + k + shift)] = 1.0f;
      }
    }
    split.add(frames);
  }
  if (row != grid.rows) {
    fail_input("{}: /{}/lengths add up to {}, but there are {} steps", path.string(), name, row,
               grid.rows);
  }
  if (split.sequences() == 0) fail_input("{}: /{} holds no sequence", path.string(), name);
  return split;
}

}  // namespace

int lowest_midi_pitch(Index width) { return width == 0 ? lowest_pitch_index + 1 : 1; }

SequenceSet read_music(const std::filesystem::path& path, Index width) {
  if (width != 0 && width <= lowest_pitch_index) {
    fail_input("music: got a width of {}, expected 0 (88 keys) or the highest pitch, such as 96",
               width);
  }
  const H5::H5File file = open_hdf5(path);
  SequenceSet set;
  set.name = path.stem().string();
  set.source = path.filename().string();
  set.train = read_split(path, file, "train", width);
  set.valid = read_split(path, file, "valid", width);
  set.test = read_split(path, file, "test", width);
  return set;
}

}  // namespace carousel
