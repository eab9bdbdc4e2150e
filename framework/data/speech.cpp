#include "data/speech.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <numbers>
#include <numeric>
#include <string_view>

#include "data/wav.hpp"
#include "io/digest.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr Index frame_samples = 10;
constexpr Index context_frames = 2;
constexpr int sample_rate = 8000;
constexpr std::string_view header = "split\tfile\tdigit\tspeaker\tindex\tsamples\tsha256";
constexpr std::array<std::string_view, 3> split_names = {"train", "valid", "test"};

// A line of split.tsv.
struct Recording {
  std::size_t split = 0;  // of split_names
  std::string file, speaker;
  Index samples = 0;
  std::string sha256;
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (std::size_t tab = 0; tab != std::string::npos; begin = tab + 1) {
    tab = line.find('\t', begin);
    fields.push_back(line.substr(begin, tab - begin));
  }
  return fields;
}

Recording recording_of(const std::string& line, const std::string& place) {
  const std::vector<std::string> fields = fields_of(line);
  if (fields.size() != 7) {
    fail_input("{}: got {} columns, expected 7, parted by tabs", place, fields.size());
  }
  Recording recording{0, fields[1], fields[3], 0, fields[6]};
  while (recording.split < split_names.size() && split_names[recording.split] != fields[0]) {
    ++recording.split;
  }
  if (recording.split == split_names.size()) {
    fail_input("{}: got the split '{}', expected train, valid or test", place, fields[0]);
  }
  const char* end = fields[5].data() + fields[5].size();
  const auto [stop, error] = std::from_chars(fields[5].data(), end, recording.samples);
  if (error != std::errc() || stop != end || recording.samples < 1) {
    fail_input("{}: got '{}' samples, expected a whole number above 0", place, fields[5]);
  }
  if (recording.sha256.size() != 64 ||
      recording.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fail_input("{}: got the sha256 '{}', expected 64 letters 0-9 and a-f", place, fields[6]);
  }
  return recording;
}

std::vector<Recording> read_split_list(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) fail_input("{}: there is no such file, or it can't be read", path.string());
  std::vector<Recording> recordings;
  std::string line;
  std::getline(file, line);
  for (int number = 1; number == 1 || file; std::getline(file, line), ++number) {
    const std::string place = fmt::format("{}, line {}", path.string(), number);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number > 1) recordings.push_back(recording_of(line, place));
    else if (line != header) fail_input("{}: got '{}', expected '{}'", place, line, header);
  }
  return recordings;
}

// Refuses what was listed before: it would be in two splits, or count twice in one.
class Listed {
 public:
  void add(const std::string& file, const std::vector<float>& samples) {
    Sha256 hash;
    hash.add(std::span<const float>(samples));
    const auto [first, is_new] = file_of_.try_emplace(hash.hex(), file);
    if (!is_new) {
      fail_input(
          "{} holds the same samples as {}, which split.tsv lists before it; leave one of "
          "them out",
          file, first->second);
    }
  }

 private:
  std::map<std::string, std::string> file_of_;  // SHA-256 of samples
};

// Samples of one split, in pieces that are cut into sequences one by one.
using Pieces = std::vector<std::vector<float>>;

std::array<Pieces, 3> read_pieces(const std::filesystem::path& folder, SpeechCut cut) {
  std::array<Pieces, 3> pieces;
  std::map<std::pair<std::size_t, std::string>, std::size_t> piece_of;  // of (split, speaker)
  Listed listed;
  for (const Recording& recording : read_split_list(folder / "split.tsv")) {
    Pieces& own = pieces[recording.split];
    const auto samples = read_wav(folder / "wav" / recording.file,
                                  {recording.samples, sample_rate, recording.sha256});
    listed.add((folder / "wav" / recording.file).string(), samples);
    const std::string key = cut == SpeechCut::by_file ? recording.file : recording.speaker;
    const std::size_t at = piece_of.try_emplace({recording.split, key}, own.size()).first->second;
    if (at == own.size()) own.emplace_back();
    own[at].insert(own[at].end(), samples.begin(), samples.end());
  }
  return pieces;
}

struct Scale {
  double mean = 0.0, deviation = 0.0;
};

Scale scale_of(const Pieces& pieces) {
  double count = 0.0, sum = 0.0, squares = 0.0;
  for (const auto& piece : pieces) {
    count += static_cast<double>(piece.size());
    sum = std::accumulate(piece.begin(), piece.end(), sum);
  }
  const double mean = sum / count;
  for (const auto& piece : pieces) {
    for (const double sample : piece) squares += (sample - mean) * (sample - mean);
  }
  return {mean, std::sqrt(squares / count)};
}

SequenceSplit cut_pieces(const Pieces& pieces, Index samples, const Scale& scale) {
  SequenceSplit split;
  split.width = frame_samples;
  split.context = context_frames;
  for (const auto& piece : pieces) {
    for (auto from = piece.begin(); piece.end() - from >= samples; from += samples) {
      std::vector<float> sequence(from, from + samples);
      for (float& x : sequence) x = static_cast<float>((x - scale.mean) / scale.deviation);
      split.add(sequence);
    }
  }
  return split;
}

// `where` begins the messages. The set's source is how it was scaled.
SequenceSet make_set(std::string name, const std::string& where,
                     const std::array<Pieces, 3>& pieces, Index samples) {
  const Scale scale = scale_of(pieces[0]);
  if (!(scale.deviation > 0.0)) fail_input("{}: the training split holds no sound", where);
  SequenceSet set;
  set.name = std::move(name);
  set.source = fmt::format("samples less their mean {:.6g}, divided by their deviation {:.6g}",
                           scale.mean, scale.deviation);
  set.outputs = OutputKind::gaussian_mixture;
  const std::array<SequenceSplit*, 3> splits = {&set.train, &set.valid, &set.test};
  for (std::size_t k = 0; k < splits.size(); ++k) {
    *splits[k] = cut_pieces(pieces[k], samples, scale);
    if (splits[k]->sequences() == 0) {
      fail_input("{}: the split {} holds no sequence of {} samples", where, split_names[k],
                 samples);
    }
    if (!std::ranges::all_of(splits[k]->frames, [](float x) { return std::isfinite(x); })) {
      fail_input("{}: the split {} is too loud to be divided by the deviation {:.6g} of train",
                 where, split_names[k], scale.deviation);
    }
  }
  return set;
}

constexpr std::uint64_t waves_seed = 1822;
constexpr Index wave_samples = 500;

// Three partials with an onset each: a pitch, its vibrato, a decay.
std::vector<float> wave(Random& random) {
  constexpr double two_pi = 2.0 * std::numbers::pi;
  std::vector<float> samples(static_cast<std::size_t>(wave_samples));
  for (float& x : samples) x = static_cast<float>(0.02 * random.normal());
  for (int partial = 0; partial < 3; ++partial) {
    const auto onset = static_cast<Index>(random.below(200));
    const double loudness = 0.2 + 0.8 * random.uniform();
    const double decay = 60.0 + 240.0 * random.uniform();  // samples
    const double pitch = 0.01 + 0.06 * random.uniform();   // periods a sample
    const double vibrato = 0.002 + 0.004 * random.uniform();
    const double depth = 2.0 * random.uniform();  // radians
    for (Index t = onset; t < wave_samples; ++t) {
      const auto since = static_cast<double>(t - onset);
      const double phase = two_pi * pitch * since + depth * std::sin(two_pi * vibrato * since);
      samples[static_cast<std::size_t>(t)] +=
          static_cast<float>(loudness * std::exp(-since / decay) * std::sin(phase));
    }
  }
  return samples;
}

}  // namespace

SequenceSet read_speech(const std::filesystem::path& folder, Index samples, SpeechCut cut) {
  if (samples % frame_samples != 0 || samples / frame_samples <= context_frames) {
    fail_input("speech: got sequences of {} samples, expected a multiple of {} above {}", samples,
               frame_samples, frame_samples * context_frames);
  }
  SequenceSet set = make_set(fmt::format("speech_{}", samples), folder.string(),
                             read_pieces(folder, cut), samples);
  set.source = folder.filename().string() + "; " + set.source;
  return set;
}

SequenceSet generate_waves() {
  constexpr std::array<int, 3> sequences = {60, 15, 15};
  std::array<Pieces, 3> pieces;
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    Random random(waves_seed, split_names[k]);
    for (int s = 0; s < sequences[k]; ++s) pieces[k].push_back(wave(random));
  }
  SequenceSet set = make_set("waves", "waves", pieces, wave_samples);
  set.source = "generated waves; " + set.source;
  return set;
}

}  // namespace carousel
