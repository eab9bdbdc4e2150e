#include "data/wav.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <sndfile.hh>

#include "io/digest.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
  if (!is_file(path)) {
    fail_input("{}: there is no such file, but split.tsv lists it", path.string());
  }
  return read_text(path);
}

void expect_digest(const std::string& path, const std::string& bytes, const std::string& expected) {
  const std::string got = sha256(bytes);
  if (got != expected) {
    fail_input("{}: its SHA-256 is {}, expected {} as in split.tsv; the file is damaged or another",
               path, got, expected);
  }
}

// A file in memory, for libsndfile: what was hashed is what is read.
struct Memory {
  const std::string& bytes;
  sf_count_t at = 0;

  sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }
};

SF_VIRTUAL_IO memory_functions() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) { return static_cast<Memory*>(user)->size(); };
  io.seek = [](sf_count_t offset, int whence, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? memory.at : memory.size();
    sf_count_t to = 0;
    if (__builtin_add_overflow(from, offset, &to)) to = 0;
    memory.at = std::clamp<sf_count_t>(to, 0, memory.size());
    return memory.at;
  };
  io.read = [](void* to, sf_count_t count, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    const sf_count_t got = std::clamp<sf_count_t>(count, 0, memory.size() - memory.at);
    std::memcpy(to, memory.bytes.data() + memory.at, static_cast<std::size_t>(got));
    memory.at += got;
    return got;
  };
  io.tell = [](void* user) { return static_cast<Memory*>(user)->at; };
  return io;
}

// Formats in which a sample has bytes of its own, so that no file is larger read than stored. A
// look at the first bytes keeps the decoders of other formats out.
void expect_wav(const std::string& path, const std::string& bytes) {
  if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0) {
    fail_input("{}: can't be read as a recording: it is no WAV file", path);
  }
}

void expect_form(const std::string& path, const SndfileHandle& file, const WavForm& expected) {
  constexpr std::array plain = {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24,
                                SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,  SF_FORMAT_DOUBLE};
  if (file.samplerate() != expected.sample_rate || file.channels() != 1) {
    fail_input("{}: got {} channels at {} Hz, expected 1 at {} Hz", path, file.channels(),
               file.samplerate(), expected.sample_rate);
  }
  if (std::ranges::find(plain, file.format() & SF_FORMAT_SUBMASK) == plain.end()) {
    fail_input("{}: its samples are packed, expected plain integers or floats", path);
  }
  if (file.frames() != expected.samples) {
    fail_input("{}: got {} samples, expected {} as in split.tsv; the file is damaged or another",
               path, file.frames(), expected.samples);
  }
}

}  // namespace

std::vector<float> read_wav(const std::filesystem::path& path, const WavForm& expected) {
  const std::string bytes = bytes_of(path);
  expect_digest(path.string(), bytes, expected.sha256);
  expect_wav(path.string(), bytes);
  Memory memory{bytes};
  SF_VIRTUAL_IO io = memory_functions();
  SndfileHandle file(io, &memory);
  if (file.error() != SF_ERR_NO_ERROR) {
    fail_input("{}: can't be read as a recording ({})", path.string(), file.strError());
  }
  expect_form(path.string(), file, expected);
  if (static_cast<std::size_t>(expected.samples) > bytes.size()) {
    fail_input("{}: got {} samples from {} bytes; the file is damaged", path.string(),
               expected.samples, bytes.size());
  }
  std::vector<float> samples(static_cast<std::size_t>(expected.samples));
  const sf_count_t got = file.read(samples.data(), expected.samples);
  if (got != expected.samples) {
    fail_input("{}: got {} samples, expected {} as in split.tsv; the file is damaged",
               path.string(), got, expected.samples);
  }
  const auto odd = std::ranges::find_if(samples, [](float x) { return !std::isfinite(x); });
  if (odd != samples.end()) {
    fail_input("{}: sample {} is {}, expected a finite number", path.string(),
               odd - samples.begin(), *odd);
  }
  return samples;
}

}  // namespace carousel
