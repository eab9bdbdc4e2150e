#include "data/sentences.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "data/text.hpp"
#include "io/characters.hpp"
#include "io/digest.hpp"
#include "io/files.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Path = std::filesystem::path;

struct Line {
  int number = 0;
  std::string label;
  std::vector<std::string> words;
};

std::vector<Line> labelled_lines(const Path& path) {
  const std::string text = read_utf8(path);
  std::vector<Line> lines;
  for (const std::string_view line : lines_of(text)) {
    const int number = static_cast<int>(lines.size()) + 1;
    std::vector<std::string> words = symbols_of(line, true);
    if (words.size() < 2) {
      fail_input("{}:{}: got {} without a sentence, expected a label, a blank and the sentence",
                 path.string(), number,
                 words.empty() ? "an empty line" : fmt::format("'{}'", words[0]));
    }
    std::string label = std::move(words[0]);
    words.erase(words.begin());
    lines.push_back({number, std::move(label), std::move(words)});
  }
  if (lines.empty()) fail_input("{}: got an empty file, expected sentences", path.string());
  return lines;
}

std::array<Path, 3> files_of(const Path& folder) {
  for (const std::array<const char*, 3>& names :
       {std::array{"train.txt", "valid.txt", "test.txt"},
        std::array{"stsa.binary.train", "stsa.binary.dev", "stsa.binary.test"}}) {
    if (is_there(folder / names[0])) {
      return {folder / names[0], folder / names[1], folder / names[2]};
    }
  }
  fail_input(
      "{}: there is no train.txt in it, and no stsa.binary.train; expected a folder of sentences "
      "as docs/data.md says",
      folder.string());
}

std::vector<std::string> labels_of(const std::vector<Line>& lines, const Path& path) {
  constexpr std::size_t most = 1000;
  std::vector<std::string> labels;
  for (const Line& line : lines) labels.push_back(line.label);
  std::ranges::sort(labels);
  const auto repeated = std::unique(labels.begin(), labels.end());
  labels.erase(repeated, labels.end());
  if (labels.size() < 2 || labels.size() > most) {
    fail_input("{}: got {} different labels, expected 2 to {}; a label is the first word of a line",
               path.string(), labels.size(), most);
  }
  return labels;
}

std::vector<Sentence> sentences_of(std::vector<Line> lines, const Path& path,
                                   const std::vector<std::string>& labels) {
  constexpr std::size_t shown = 10;
  std::vector<Sentence> sentences;
  for (Line& line : lines) {
    const auto at = std::ranges::lower_bound(labels, line.label);
    if (at == labels.end() || *at != line.label) {
      fail_input("{}:{}: got the label '{}', expected one of the {} of the training file: {}{}",
                 path.string(), line.number, line.label, labels.size(),
                 fmt::join(std::span(labels).first(std::min(shown, labels.size())), ", "),
                 labels.size() > shown ? ", .." : "");
    }
    sentences.push_back({at - labels.begin(), std::move(line.words)});
  }
  return sentences;
}

}  // namespace

SentenceSet read_sentences(const Path& folder) {
  const auto [train, valid, test] = files_of(folder);
  std::vector<Line> lines = labelled_lines(train);
  SentenceSet set;
  set.classes = labels_of(lines, train);
  set.train = sentences_of(std::move(lines), train, set.classes);
  set.valid = sentences_of(labelled_lines(valid), valid, set.classes);
  set.test = sentences_of(labelled_lines(test), test, set.classes);
  return set;
}

std::string digest_of(const SentenceSet& set) {
  Sha256 digest;
  for (const auto* part : {&set.train, &set.valid, &set.test}) {
    for (const Sentence& sentence : *part) {
      const std::string& label = set.classes[static_cast<std::size_t>(sentence.label)];
      digest.add(fmt::format("{} {}\n", label, fmt::join(sentence.words, " ")));
    }
    digest.add(std::string_view("\n"));  // no sentence is empty
  }
  return digest.hex();
}

}  // namespace carousel
