// Any bytes of a table or of a recording give a set or an InputError. The first byte of an input
// says which of the two follows: t and a table, for recordings that are there; w, a number of
// samples in two bytes and a recording, for a table that knows its SHA-256.

#include "data/speech.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <map>

#include "data/recordings.hpp"
#include "speech_files.hpp"
#include "target.hpp"

namespace carousel {
namespace {

constexpr Index samples = 30;

std::vector<short> ramp(int first) {
  std::vector<short> values;
  for (int i = 0; i < 45; ++i) values.push_back(static_cast<short>(first + i * i % 97));
  return values;
}

SpeechFolder good_folder(const std::filesystem::path& path) {
  SpeechFolder folder(path);
  folder.add("train", "a.wav", "ann", ramp(0));
  folder.add("valid", "b.wav", "ann", ramp(1));
  folder.add("test", "c.wav", "bob", ramp(2));
  folder.write_list();
  return folder;
}

const SpeechFolder& tables() {
  static const SpeechFolder folder = good_folder(fuzz_folder() / "tables");
  return folder;
}

using Counts = std::array<Index, 3>;  // sequences of each split

void expect_cut(const SequenceSet& set, const Counts& counts) {
  const std::array<const SequenceSplit*, 3> splits = {&set.train, &set.valid, &set.test};
  for (std::size_t k = 0; k < 3; ++k) {
    const SequenceSplit& split = *splits[k];
    must_hold(split.sequences() == counts[k], "a split has the sequences of its recordings");
    must_hold(std::ssize(split.frames) == counts[k] * samples, "sequences are of one length");
  }
}

void read(const std::filesystem::path& folder) {
  Counts by_file = {}, by_speaker = {};
  std::map<std::pair<std::size_t, std::string>, Index> spoken;  // samples of (split, speaker)
  for (const Recording& recording : read_recordings(folder)) {
    const Index count = std::ssize(recording.samples);
    must_hold(recording.split < 3, "a recording is of a split");
    must_hold(recording.digit >= 0 && recording.digit <= 9, "it says a digit");
    must_hold(count > 0, "it is not empty");
    for (const float x : recording.samples) must_hold(std::isfinite(x), "samples are finite");
    by_file[recording.split] += count / samples;
    spoken[{recording.split, recording.speaker}] += count;
  }
  for (const auto& [key, count] : spoken) by_speaker[key.first] += count / samples;
  expect_cut(read_speech(folder, samples, SpeechCut::by_file), by_file);
  expect_cut(read_speech(folder, samples, SpeechCut::by_speaker), by_speaker);
}

void write_seeds(const std::filesystem::path& folder) {
  write_bytes(folder / "table", "t" + tables().list);
  std::string odd = tables().list;  // a digit of two figures is too far for the engine
  odd.replace(odd.find("\t0\t"), 3, "\t10\t");
  write_bytes(folder / "odd_table", "t" + odd);
  for (const int format : {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32,
                           SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE, SF_FORMAT_ULAW, SF_FORMAT_IMA_ADPCM,
                           SF_FORMAT_MS_ADPCM, SF_FORMAT_GSM610}) {
    for (const int kind : {SF_FORMAT_WAV, SF_FORMAT_WAVEX, SF_FORMAT_RF64}) {
      const auto wav = folder / "recording.wav";
      {
        const auto values = ramp(3);
        SndfileHandle file(wav.string(), SFM_WRITE, kind | format, 1, 8000);
        file.write(values.data(), static_cast<sf_count_t>(values.size()));
      }
      if (std::filesystem::exists(wav) && std::filesystem::file_size(wav) > 0) {
        write_bytes(folder / fmt::format("recording_{:x}", kind | format),
                    std::string("w\0\x2d", 3) + file_text(wav));
      }
      std::filesystem::remove(wav);
    }
  }
}

}  // namespace

void run(std::string_view input) {
  if (input.starts_with('t')) {
    write_bytes(tables().path / "split.tsv", input.substr(1));
    read(tables().path);
  } else if (input.starts_with('w') && input.size() >= 3) {
    static SpeechFolder folder = good_folder(fuzz_folder() / "recordings");
    static const std::string rest = folder.list.substr(folder.list.find("\nvalid"));
    write_bytes(folder.path / "wav" / "a.wav", input.substr(3));
    folder.list = SpeechFolder::header;
    const std::size_t count =
        static_cast<unsigned char>(input[1]) * 256U + static_cast<unsigned char>(input[2]);
    folder.list_file("train", "a.wav", "ann", count);
    folder.list += rest.substr(1);
    folder.write_list();
    read(folder.path);
  }
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
