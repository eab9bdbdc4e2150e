#include "data/sentence_pairs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/text.hpp"
#include "io/characters.hpp"
#include "io/digest.hpp"
#include "io/files.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Path = std::filesystem::path;
using Lines = std::vector<std::vector<std::string>>;

constexpr std::size_t most_words = 1000;

// What comes in front of the language, of each split.
using Names = std::array<const char*, 3>;
constexpr Names own_names = {"train.", "valid.", "test."};
constexpr Names multi30k_names = {"train.lc.norm.tok.", "val.lc.norm.tok.",
                                  "test_2016_flickr.lc.norm.tok."};

Lines lines_in(const Path& path) {
  const std::string text = read_utf8(path);
  Lines lines;
  for (const std::string_view line : lines_of(text)) {
    const std::size_t number = lines.size() + 1;
    if (line.find('\r') != line.npos) {
      fail_input(
          "{}:{}: got a carriage return inside the line, expected none: some programs take it for "
          "a line end, and then the lines of the two languages no longer match",
          path.string(), number);
    }
    lines.push_back(symbols_of(line, true));
    const std::size_t words = lines.back().size();
    if (words == 0) {
      fail_input("{}:{}: got an empty line, expected a sentence", path.string(), number);
    }
    if (words > most_words) {
      fail_input("{}:{}: got a sentence of {} words, expected at most {}", path.string(), number,
                 words, most_words);
    }
  }
  if (lines.empty()) fail_input("{}: got an empty file, expected sentences", path.string());
  return lines;
}

std::vector<SentencePair> pairs_in(const Path& source_file, const Path& target_file) {
  Lines source = lines_in(source_file), target = lines_in(target_file);
  if (source.size() != target.size()) {
    const bool more = source.size() > target.size();
    fail_input("{}:{}: got a line without its translation: {} has {} lines, {} has {}",
               (more ? source_file : target_file).string(),
               std::min(source.size(), target.size()) + 1, source_file.string(), source.size(),
               target_file.string(), target.size());
  }
  std::vector<SentencePair> pairs;
  for (std::size_t i = 0; i < source.size(); ++i) {
    pairs.push_back({std::move(source[i]), std::move(target[i])});
  }
  return pairs;
}

}  // namespace

PairSet read_sentence_pairs(const Path& folder, const std::string& source,
                            const std::string& target) {
  const bool own = is_there(folder / (own_names[0] + source));
  if (!own && !is_there(folder / (multi30k_names[0] + source))) {
    fail_input(
        "{}: there is no {}{} in it; expected a folder of sentence pairs as docs/data.md says",
        folder.string(), own_names[0], source);
  }
  const Names& names = own ? own_names : multi30k_names;
  PairSet set;
  for (std::size_t k = 0; k < names.size(); ++k) {
    set.parts[k] = pairs_in(folder / (names[k] + source), folder / (names[k] + target));
  }
  return set;
}

std::string digest_of(const PairSet& set) {
  Sha256 digest;
  for (const auto& part : set.parts) {
    for (const SentencePair& pair : part) {
      digest.add(fmt::format("{}\n{}\n", fmt::join(pair.source, " "), fmt::join(pair.target, " ")));
    }
    digest.add(std::string_view("\n"));  // no sentence is empty
  }
  return digest.hex();
}

}  // namespace carousel
