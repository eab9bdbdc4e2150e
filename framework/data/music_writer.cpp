#include "data/music_writer.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "data/music.hpp"
#include "io/digest.hpp"
#include "io/files.hpp"
#include "io/hdf5_memory.hpp"

namespace carousel {
namespace {

static_assert(std::endian::native == std::endian::little, "music_digest() hashes int64 as it lies");

constexpr hsize_t rows_per_chunk = 1024;
constexpr unsigned compression = 9;

std::vector<std::uint8_t> notes_of(const SequenceSplit& split) {
  if (split.width != piano_keys) fail_bug("music of width {} is written", split.width);
  std::vector<std::uint8_t> notes(split.frames.size());
  std::ranges::transform(split.frames, notes.begin(),
                         [](float note) { return static_cast<std::uint8_t>(note); });
  return notes;
}

std::vector<std::int64_t> lengths_of(const SequenceSplit& split) {
  return {split.lengths.begin(), split.lengths.end()};
}

void write_attribute(const H5::H5File& file, const char* name, std::int64_t value) {
  file.openGroup("/")
      .createAttribute(name, H5::PredType::STD_I64LE, H5::DataSpace())
      .write(H5::PredType::NATIVE_INT64, &value);
}

void write_split(const H5::Group& group, const SequenceSplit& split) {
  const std::vector<std::uint8_t> notes = notes_of(split);
  const std::vector<std::int64_t> lengths = lengths_of(split);
  const hsize_t grid[] = {notes.size() / static_cast<hsize_t>(piano_keys), piano_keys};
  const hsize_t chunk[] = {std::min(rows_per_chunk, grid[0]), piano_keys};
  const hsize_t count[] = {lengths.size()};
  H5::DSetCreatPropList packed;
  packed.setChunk(2, chunk);
  packed.setDeflate(compression);
  group.createDataSet("notes", H5::PredType::STD_U8LE, H5::DataSpace(2, grid), packed)
      .write(notes.data(), H5::PredType::NATIVE_UINT8);
  group.createDataSet("lengths", H5::PredType::STD_I64LE, H5::DataSpace(1, count))
      .write(lengths.data(), H5::PredType::NATIVE_INT64);
}

}  // namespace

void write_music(const std::filesystem::path& path, const SequenceSet& set) {
  std::string bytes;
  try {
    const H5::H5File file = new_hdf5_in_memory(0);
    write_attribute(file, "lowest_midi_pitch", lowest_midi_pitch(0));
    write_attribute(file, "keys", piano_keys);
    write_split(file.createGroup("train"), set.train);
    write_split(file.createGroup("valid"), set.valid);
    write_split(file.createGroup("test"), set.test);
    bytes = bytes_of(file);
  } catch (const H5::Exception& error) {
    throw EnvironmentError(
        fmt::format("{}: HDF5 can't make the music ({}); is there memory enough?", path.string(),
                    error.getDetailMsg()));
  }
  write_text(path, bytes);
}

std::string music_digest(const SequenceSet& set) {
  Sha256 hash;
  for (const SequenceSplit* split : {&set.train, &set.valid, &set.test}) {
    const auto add = [&](const auto& values) {
      hash.add(std::span<const typename std::decay_t<decltype(values)>::value_type>(values));
    };
    add(lengths_of(*split));
    add(notes_of(*split));
  }
  return hash.hex();
}

}  // namespace carousel
