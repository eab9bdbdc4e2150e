#include "data/datasets.hpp"

#include "data/data_sets.hpp"
#include "data/music.hpp"
#include "data/speech.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

using Path = std::filesystem::path;

SequenceSet load_speech(const Path& folder, const std::string& name) {
  return name == "speech_8000" ? read_speech(folder, 8000, SpeechCut::by_speaker)
                               : read_speech(folder, 500, SpeechCut::by_file);
}

// A file is music, a folder holds recordings.
bool is_music(const std::string& name_or_path) {
  if (is_path(name_or_path)) return !is_there(name_or_path) || is_file(name_or_path);
  const DataSet& set = find_set(name_or_path, DataKind::frames);
  return set.place.ends_with(".h5") || set.name == "chords";
}

}  // namespace

SequenceSet load_set(const std::string& name_or_path, const std::string& data_dir, Index width) {
  const bool music = is_music(name_or_path);
  if (width != 0 && !music) {
    fail_input("{}: got a width of {}, but only music takes one; leave it out", name_or_path,
               width);
  }
  const Path place = find_data(name_or_path, DataKind::frames, data_dir);
  if (music) return place.empty() ? generate_chords(width) : read_music(place, width);
  return place.empty() ? generate_waves() : load_speech(place, name_or_path);
}

}  // namespace carousel
