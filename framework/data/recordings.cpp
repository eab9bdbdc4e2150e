#include "data/recordings.hpp"

#include <charconv>
#include <map>
#include <sstream>
#include <string_view>

#include "data/wav.hpp"
#include "io/characters.hpp"
#include "io/digest.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr std::string_view header = "split\tfile\tdigit\tspeaker\tindex\tsamples\tsha256";

// A line of split.tsv: a recording without its samples, and how many it has.
struct Line {
  Recording recording;
  Index samples = 0;
};

// A whole number that is all of the text; -1 of any other text.
Index number_of(const std::string& text) {
  Index number = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? number : -1;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (std::size_t tab = 0; tab != std::string::npos; begin = tab + 1) {
    tab = line.find('\t', begin);
    fields.push_back(line.substr(begin, tab - begin));
  }
  return fields;
}

Line line_of(const std::string& line, const std::string& place) {
  const std::vector<std::string> fields = fields_of(line);
  if (fields.size() != 7) {
    fail_input("{}: got {} columns, expected 7, parted by tabs", place, fields.size());
  }
  Line read;
  Recording& recording = read.recording;
  recording.file = fields[1];
  recording.speaker = fields[3];
  recording.sha256 = fields[6];
  while (recording.split < split_names.size() && split_names[recording.split] != fields[0]) {
    ++recording.split;
  }
  if (recording.split == split_names.size()) {
    fail_input("{}: got the split '{}', expected train, valid or test", place, fields[0]);
  }
  recording.digit = number_of(fields[2]);
  if (recording.digit < 0 || recording.digit > 9) {
    fail_input("{}: got the digit '{}', expected 0 to 9", place, fields[2]);
  }
  read.samples = number_of(fields[5]);
  if (read.samples < 1) {
    fail_input("{}: got '{}' samples, expected a whole number above 0", place, fields[5]);
  }
  if (recording.sha256.size() != 64 ||
      recording.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fail_input("{}: got the sha256 '{}', expected 64 letters 0-9 and a-f", place, fields[6]);
  }
  return read;
}

std::vector<Line> read_split_list(const std::filesystem::path& path) {
  std::istringstream file(read_utf8(path));
  std::vector<Line> lines;
  std::string line;
  std::getline(file, line);
  for (int number = 1; number == 1 || file; std::getline(file, line), ++number) {
    const std::string place = fmt::format("{}, line {}", path.string(), number);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number > 1) lines.push_back(line_of(line, place));
    else if (line != header) fail_input("{}: got '{}', expected '{}'", place, line, header);
  }
  return lines;
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

}  // namespace

std::vector<Recording> read_recordings(const std::filesystem::path& folder) {
  std::vector<Recording> recordings;
  Listed listed;
  for (Line& line : read_split_list(folder / "split.tsv")) {
    const auto path = folder / "wav" / line.recording.file;
    line.recording.samples = read_wav(path, {line.samples, recording_rate, line.recording.sha256});
    listed.add(path.string(), line.recording.samples);
    recordings.push_back(std::move(line.recording));
  }
  return recordings;
}

}  // namespace carousel
