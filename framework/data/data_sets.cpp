#include "data/data_sets.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "io/files.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Path = std::filesystem::path;

std::string missing(const DataSet& set, const std::vector<Path>& places) {
  std::string looked_at;
  for (const Path& place : places) looked_at += "\n  " + place.string();
  const std::string instead =
      set.stand_in.empty() ? "" : fmt::format(", or use the generated set '{}'", set.stand_in);
  return fmt::format(
      "the data set '{}' was not found; looked for:{}\nGet it with scripts/get-data, or as "
      "docs/data.md says{}",
      set.name, looked_at, instead);
}

}  // namespace

const char* kind_name(DataKind kind) {
  switch (kind) {
    case DataKind::frames: return "frames";
    case DataKind::images: return "images";
    case DataKind::sentences: return "sentences";
    case DataKind::text: return "text";
    case DataKind::series: return "series";
    case DataKind::recordings: return "recordings";
    case DataKind::pairs: return "pairs";
  }
  fail_bug("a kind of data without a name");
}

const std::vector<DataSet>& data_sets() {
  using enum DataKind;
  static const std::vector<DataSet> sets = {
      {"jsb_chorales", frames, "music/jsb_chorales.h5", "chords", "chorales of Bach"},
      {"nottingham", frames, "music/nottingham.h5", "chords", "folk tunes with chords"},
      {"musedata", frames, "music/musedata.h5", "chords", "orchestral and piano music"},
      {"piano_midi", frames, "music/piano_midi.h5", "chords", "classical piano music"},
      {"chords", frames, "", "", "chords made by a rule"},
      {"speech_500", frames, "speech_fsdd", "waves", "spoken digits, in pieces of 500 samples"},
      {"speech_8000", frames, "speech_fsdd", "waves", "spoken digits, in pieces of 8000 samples"},
      {"waves", frames, "", "", "waves made by a rule"},
      {"mnist", images, "mnist", "", "70000 handwritten digits of 28 x 28 pixels"},
      {"tinyshakespeare", text, "text/tinyshakespeare/input.txt", "",
       "a million characters of plays"},
      {"etth1", series, "time_series/ett/ETTh1.csv", "",
       "a transformer's load and heat by the hour"},
      {"sunspots", series, "time_series/univariate/monthly-sunspots.csv", "",
       "sunspots by the month, 1749 to 1983"},
      {"temperatures", series, "time_series/univariate/daily-min-temperatures.csv", "",
       "the lowest temperature of each day in Melbourne, 1981 to 1990"},
      {"airline", series, "time_series/univariate/airline-passengers.csv", "",
       "airline passengers by the month, 1949 to 1960"},
      {"sst2", sentences, "sentiment/sst2", "", "sentences of film reviews, praise or blame"},
      {"multi30k", pairs, "translation/multi30k/tok", "",
       "captions of pictures in English, French and German"},
      {"speech_digits", recordings, "speech_fsdd", "", "900 spoken digits of six speakers"},
  };
  return sets;
}

const DataSet& find_set(const std::string& name, DataKind kind) {
  std::vector<std::string> names;
  for (const DataSet& set : data_sets()) {
    if (set.kind != kind) continue;
    if (set.name == name) return set;
    names.push_back(set.name);
  }
  fail_input("there is no data set '{}'{} (there are: {}; a path has a '/' or a '.' in it)", name,
             did_you_mean(name, names), fmt::join(names, ", "));
}

bool is_path(const std::string& name_or_path) {
  return name_or_path.find_first_of("/.") != std::string::npos;
}

std::string name_of_data(const std::string& name_or_path) {
  if (!is_path(name_or_path)) return name_or_path;
  const Path whole = std::filesystem::absolute(name_or_path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).stem().string();
}

std::vector<Path> data_folders(const std::string& data_dir) {
  std::vector<Path> folders;
  if (!data_dir.empty()) folders.emplace_back(data_dir);
  if (const char* from_env = std::getenv("CAROUSEL_DATA")) folders.emplace_back(from_env);
  folders.emplace_back("data");
  return folders;
}

std::vector<Path> places_of(const DataSet& set, const std::string& data_dir) {
  if (set.place.empty()) return {};
  std::vector<Path> places = data_folders(data_dir);
  for (Path& place : places) place /= set.place;
  return places;
}

std::optional<Path> place_of(const DataSet& set, const std::string& data_dir) {
  if (set.place.empty()) return Path();
  if (!data_dir.empty() && !is_there(data_dir)) {
    fail_input("--data {}: there is no such folder", data_dir);
  }
  for (const Path& place : places_of(set, data_dir)) {
    if (is_there(place)) return place;
  }
  return std::nullopt;
}

Path find_data(const std::string& name_or_path, DataKind kind, const std::string& data_dir) {
  if (is_path(name_or_path)) {
    if (!is_there(name_or_path)) fail_input("{}: there is no such file or folder", name_or_path);
    return name_or_path;
  }
  const DataSet& set = find_set(name_or_path, kind);
  if (const auto place = place_of(set, data_dir)) return *place;
  throw InputError(missing(set, places_of(set, data_dir)));
}

}  // namespace carousel
