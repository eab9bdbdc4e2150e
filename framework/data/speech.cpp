#include "data/speech.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <string_view>

#include "data/recordings.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr Index frame_samples = 10;
constexpr Index context_frames = 2;

// Samples of one split, in pieces that are cut into sequences one by one.
using Pieces = std::vector<std::vector<float>>;

std::array<Pieces, 3> read_pieces(const std::filesystem::path& folder, SpeechCut cut) {
  std::array<Pieces, 3> pieces;
  std::map<std::pair<std::size_t, std::string>, std::size_t> piece_of;  // of (split, speaker)
  for (const Recording& recording : read_recordings(folder)) {
    Pieces& own = pieces[recording.split];
    const std::vector<float>& samples = recording.samples;
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
