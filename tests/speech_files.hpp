#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sndfile.hh>
#include <string>
#include <vector>

#include "io/digest.hpp"
#include "temporary_folder.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// Writes a 16-bit WAV file; samples are of all channels in turn.
inline void write_wav(const std::filesystem::path& path, const std::vector<short>& samples,
                      int rate = 8000, int channels = 1) {
  SndfileHandle file(path.string(), SFM_WRITE, SF_FORMAT_WAV | SF_FORMAT_PCM_16, channels, rate);
  file.write(samples.data(), static_cast<sf_count_t>(samples.size()));
}

/// A folder in the layout of the spoken digits: recordings are added one by one, then listed.
struct SpeechFolder {
  std::filesystem::path path;
  static constexpr const char* header = "split\tfile\tdigit\tspeaker\tindex\tsamples\tsha256\n";
  std::string list = header;

  explicit SpeechFolder(const std::filesystem::path& folder) : path(folder) {
    std::filesystem::create_directories(path / "wav");
  }
  void add(const std::string& split, const std::string& file, const std::string& speaker,
           const std::vector<short>& samples, int digit = 0) {
    write_wav(path / "wav" / file, samples);
    list_file(split, file, speaker, samples.size(), digit);
  }
  /// Lists a file that is there.
  void list_file(const std::string& split, const std::string& file, const std::string& speaker,
                 std::size_t samples, int digit = 0) {
    list += split + "\t" + file + "\t" + std::to_string(digit) + "\t" + speaker + "\t0\t" +
            std::to_string(samples) + "\t" + digest_of(path / "wav" / file) + "\n";
  }
  static std::string digest_of(const std::filesystem::path& file) {
    const std::string bytes = file_text(file);
    return sha256(std::string_view(bytes.data(), bytes.size()));
  }
  void write_list() const { std::ofstream(path / "split.tsv") << list; }
};

/// So many samples of a tone that rises or falls from one frequency to another, in Hz, with noise.
inline std::vector<short> glide(int count, double from, double to, std::uint64_t seed) {
  Random random(seed, "glide");
  std::vector<short> samples;
  double phase = 0.0;
  for (int n = 0; n < count; ++n) {
    phase += 2.0 * std::numbers::pi * (from + (to - from) * n / count) / 8000.0;
    samples.push_back(static_cast<short>(8000.0 * std::sin(phase) + 100.0 * random.normal()));
  }
  return samples;
}

/// Ann and Bob, who say four digits: 8 recordings of each to train with, and 3 for either of
/// validation and test. Digits 0 and 1 hold the same tones, which rise or fall; those of 2 and 3
/// are lower and higher.
inline void write_spoken_digits(const std::filesystem::path& path) {
  constexpr std::array<std::pair<double, double>, 4> tones = {
      {{600, 1800}, {1800, 600}, {250, 300}, {3000, 3300}}};
  SpeechFolder folder(path);
  std::uint64_t seed = 0;
  for (const auto& [split, takes] : {std::pair{"train", 8}, {"valid", 3}, {"test", 3}}) {
    for (int take = 0; take < takes; ++take) {
      for (int digit = 0; digit < 4; ++digit) {
        const auto& [from, to] = tones[static_cast<std::size_t>(digit)];
        const bool ann = (take + digit) % 2 == 0;
        const double pitch = ann ? 1.0 : 0.9;
        ++seed;
        folder.add(split, fmt::format("{}.wav", seed), ann ? "ann" : "bob",
                   glide(500 + static_cast<int>(seed * 37 % 400), pitch * from, pitch * to, seed),
                   digit);
      }
    }
  }
  folder.write_list();
}

}  // namespace carousel
