#include "data/datasets.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "data/music.hpp"
#include "data/speech.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

using Path = std::filesystem::path;

struct KnownSet {
  const char* name;
  const char* place;     // below a data folder; empty: generated
  const char* stand_in;  // a generated set with the same task
  bool takes_width;
  SequenceSet (*load)(const Path&, Index width);
};

SequenceSet load_chords(const Path&, Index width) { return generate_chords(width); }
SequenceSet load_waves(const Path&, Index) { return generate_waves(); }
SequenceSet load_speech_500(const Path& folder, Index) {
  return read_speech(folder, 500, SpeechCut::by_file);
}
SequenceSet load_speech_8000(const Path& folder, Index) {
  return read_speech(folder, 8000, SpeechCut::by_speaker);
}

constexpr std::array<KnownSet, 8> known_sets = {{
    {"jsb_chorales", "music/jsb_chorales.h5", "chords", true, read_music},
    {"nottingham", "music/nottingham.h5", "chords", true, read_music},
    {"musedata", "music/musedata.h5", "chords", true, read_music},
    {"piano_midi", "music/piano_midi.h5", "chords", true, read_music},
    {"chords", "", "", true, load_chords},
    {"speech_500", "speech_fsdd", "waves", false, load_speech_500},
    {"speech_8000", "speech_fsdd", "waves", false, load_speech_8000},
    {"waves", "", "", false, load_waves},
}};

const KnownSet& find_set(const std::string& name) {
  const auto found = std::find_if(known_sets.begin(), known_sets.end(),
                                  [&](const KnownSet& set) { return set.name == name; });
  if (found != known_sets.end()) return *found;
  std::vector<std::string> names;
  for (const KnownSet& set : known_sets) names.emplace_back(set.name);
  fail_input("there is no data set '{}'{}", name, did_you_mean(name, names));
}

bool is_generated(const KnownSet& set) { return *set.place == '\0'; }

}  // namespace

void expect_set(const std::string& name) { find_set(name); }

std::vector<Path> data_folders(const std::string& data_dir) {
  std::vector<Path> folders;
  if (!data_dir.empty()) folders.emplace_back(data_dir);
  if (const char* from_env = std::getenv("CAROUSEL_DATA")) folders.emplace_back(from_env);
  folders.emplace_back("data");
  return folders;
}

std::vector<Path> set_search_path(const std::string& name, const std::string& data_dir) {
  const KnownSet& set = find_set(name);
  if (is_generated(set)) return {};
  std::vector<Path> places = data_folders(data_dir);
  for (Path& place : places) place /= set.place;
  return places;
}

SequenceSet load_set(const std::string& name, const std::string& data_dir, Index width) {
  const KnownSet& set = find_set(name);
  if (width != 0 && !set.takes_width) {
    fail_input("{}: got a width of {}, but only the music sets take one; leave it out", name,
               width);
  }
  if (is_generated(set)) return set.load({}, width);
  std::string looked_at;
  for (const Path& place : set_search_path(name, data_dir)) {
    if (is_there(place)) return set.load(place, width);
    looked_at += "\n  " + place.string();
  }
  fail_input(
      "the data set '{}' was not found; looked for:{}\nGet the sets as docs/data.md says, "
      "or use the generated set '{}'",
      name, looked_at, set.stand_in);
}

}  // namespace carousel
