#include "data/music.hpp"

#include <cstdint>

namespace carousel {
namespace {

constexpr int lowest_pitch_index = 20;  // MIDI pitch 21 (A0), counted from pitch 1

// The frames of a sequence that begins at the given row. `place` is that of the notes.
std::vector<float> frames_of(const StoredMusic& stored, std::size_t row, Index length, Index width,
                             const std::string& place) {
  const Index frame_width = width == 0 ? piano_keys : width;
  const Index shift = width == 0 ? 0 : lowest_pitch_index;
  std::vector<float> frames(static_cast<std::size_t>(length * frame_width), 0.0f);
  const std::uint8_t* note = stored.notes.data() + row * static_cast<std::size_t>(piano_keys);
  for (Index t = 0; t < length; ++t) {
    for (Index k = 0; k < piano_keys; ++k, ++note) {
      if (*note == 0) continue;
      if (k + shift >= frame_width) {
        fail_input("{}[{}, {}] is {}, expected 0 beyond a width of {}", place,
                   row + static_cast<std::size_t>(t), k, *note, frame_width);
      }
      frames[static_cast<std::size_t>(t * frame_width + k + shift)] = 1.0f;
    }
  }
  return frames;
}

// `group` is file and split, for messages.
SequenceSplit split_of(const StoredMusic& stored, const std::string& group, Index width) {
  const std::size_t rows = stored.notes.size() / static_cast<std::size_t>(piano_keys);
  if (stored.lengths.empty()) fail_input("{} holds no sequence", group);
  SequenceSplit split;
  split.width = width == 0 ? piano_keys : width;
  split.frames.reserve(rows * static_cast<std::size_t>(split.width));
  std::size_t row = 0;
  for (std::size_t s = 0; s < stored.lengths.size(); ++s) {
    const Index length = stored.lengths[s];
    if (static_cast<std::size_t>(length) > rows - row) {
      fail_input("{}/lengths[{}] is {}, but only {} of {} steps are left", group, s, length,
                 rows - row, rows);
    }
    split.add(frames_of(stored, row, length, width, group + "/notes"));
    row += static_cast<std::size_t>(length);
  }
  if (row != rows) {
    fail_input("{}/lengths add up to {}, but there are {} steps", group, row, rows);
  }
  return split;
}

}  // namespace

int lowest_midi_pitch(Index width) { return width == 0 ? lowest_pitch_index + 1 : 1; }

SequenceSet read_music(const std::filesystem::path& path, Index width) {
  if (width != 0 && width <= lowest_pitch_index) {
    fail_input("music: got a width of {}, expected 0 (88 keys) or the highest pitch, such as 96",
               width);
  }
  return music_set(read_music_hdf5(path), path, width);
}

SequenceSet music_set(const StoredMusicSplits& stored, const std::filesystem::path& path,
                      Index width) {
  SequenceSet set;
  set.name = path.stem().string();
  set.source = path.filename().string();
  const std::array<SequenceSplit*, 3> splits = {&set.train, &set.valid, &set.test};
  for (std::size_t k = 0; k < splits.size(); ++k) {
    *splits[k] = split_of(stored[k], path.string() + ": /" + music_splits[k], width);
  }
  return set;
}

}  // namespace carousel
