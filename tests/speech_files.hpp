#pragma once

#include <filesystem>
#include <fstream>
#include <sndfile.hh>
#include <string>
#include <vector>

#include "io/digest.hpp"
#include "temporary_folder.hpp"

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
           const std::vector<short>& samples) {
    write_wav(path / "wav" / file, samples);
    list_file(split, file, speaker, samples.size());
  }
  /// Lists a file that is there.
  void list_file(const std::string& split, const std::string& file, const std::string& speaker,
                 std::size_t samples) {
    list += split + "\t" + file + "\t0\t" + speaker + "\t0\t" + std::to_string(samples) + "\t" +
            digest_of(path / "wav" / file) + "\n";
  }
  static std::string digest_of(const std::filesystem::path& file) {
    const std::string bytes = file_text(file);
    return sha256(std::string_view(bytes.data(), bytes.size()));
  }
  void write_list() const { std::ofstream(path / "split.tsv") << list; }
};

}  // namespace carousel
