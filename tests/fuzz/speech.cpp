// Any bytes of a table or of a recording give a set or an InputError. The first byte of an input
// says which of the two follows: t and a table, for recordings that are there; w, a number of
// samples in two bytes and a recording, for a table that knows its SHA-256.

#include "data/speech.hpp"

#include <cstddef>
#include <cstdint>

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

void run(std::string_view input) {
  if (input.starts_with('t')) {
    write_bytes(tables().path / "split.tsv", input.substr(1));
    read_speech(tables().path, samples, SpeechCut::by_file);
    read_speech(tables().path, samples, SpeechCut::by_speaker);
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
    read_speech(folder.path, samples, SpeechCut::by_file);
  }
}

void write_seeds(const std::filesystem::path& folder) {
  write_bytes(folder / "table", "t" + tables().list);
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
}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    carousel::run({reinterpret_cast<const char*>(data), size});
  } catch (const carousel::InputError&) {
  }
  return 0;
}
