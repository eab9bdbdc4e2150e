#include "data/text.hpp"

#include <algorithm>
#include <cmath>

#include "io/characters.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr std::string_view blanks = " \t\r\v\f\n";

std::vector<std::string> characters_of(std::string_view text) {
  std::vector<std::string> symbols;
  symbols.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = first_character(text).bytes;
    symbols.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return symbols;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> symbols;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
    if (end > at) symbols.emplace_back(text.substr(at, end - at));
    if (end < text.size() && text[end] == '\n') symbols.emplace_back("\n");
    at = end + 1;
  }
  return symbols;
}

// The sequences of a text: its lines, or all of it as one.
std::vector<std::vector<std::string>> sequences_of(std::string_view text, const TextForm& form) {
  if (!form.lines) return {symbols_of(text, form.words)};
  std::vector<std::vector<std::string>> sequences;
  for (const std::string_view line : lines_of(text)) {
    if (line.find_first_not_of(blanks) == line.npos) continue;
    sequences.push_back(symbols_of(line, form.words));
  }
  return sequences;
}

// Where the parts of `count` things begin and end.
std::array<std::size_t, 4> borders(std::size_t count, const TextForm& form) {
  const auto share = [&](double of_all) {
    return static_cast<std::size_t>(std::llround(of_all * static_cast<double>(count)));
  };
  const std::size_t test = count - share(form.test);
  return {0, test - std::min(test, share(form.valid)), test, count};
}

// The sequences of each part: whole lines, or one stretch of the text.
std::array<std::vector<std::vector<std::string>>, 3> parts_of(
    const std::vector<std::vector<std::string>>& sequences, const TextForm& form,
    const std::string& source) {
  const std::size_t count = form.lines ? sequences.size() : sequences[0].size();
  const auto at = borders(count, form);
  std::array<std::vector<std::vector<std::string>>, 3> parts;
  for (std::size_t k = 0; k < 3; ++k) {
    if (at[k + 1] - at[k] < 2) {
      fail_input(
          "{}: got {} {}, too few for three parts: valid_share {} and test_share {} leave one with "
          "less "
          "than 2",
          source, count,
          form.lines   ? "lines"
          : form.words ? "words"
                       : "characters",
          form.valid, form.test);
    }
    const auto from = static_cast<std::ptrdiff_t>(at[k]),
               to = static_cast<std::ptrdiff_t>(at[k + 1]);
    if (form.lines) {
      parts[k].assign(sequences.begin() + from, sequences.begin() + to);
    } else {
      parts[k].emplace_back(sequences[0].begin() + from, sequences[0].begin() + to);
    }
  }
  return parts;
}

TextPart encoded(const std::vector<std::vector<std::string>>& sequences, TextSet& set) {
  TextPart part{{}, {0}};
  for (const auto& sequence : sequences) {
    for (const std::string& symbol : sequence) {
      auto number = set.vocabulary.find(symbol);
      if (!number && set.unknown < 0) set.unknown = set.vocabulary.add("<unk>");
      part.symbols.push_back(static_cast<std::uint32_t>(number.value_or(set.unknown)));
    }
    part.starts.push_back(std::ssize(part.symbols));
  }
  return part;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> symbols_of(std::string_view text, bool words) {
  return words ? words_of(text) : characters_of(text);
}

TextSet read_text_set(const std::filesystem::path& path, const TextForm& form) {
  const std::string text = read_utf8(path);
  const auto parts = parts_of(sequences_of(text, form), form, path.string());
  SymbolCounts counts;
  for (const auto& sequence : parts[0]) {
    for (const std::string& symbol : sequence) ++counts[symbol];
  }
  TextSet set;
  set.name = path.stem().string();
  add_frequent(set.vocabulary, counts, form.least_count);
  for (std::size_t k = 0; k < 3; ++k) set.parts[k] = encoded(parts[k], set);
  return set;
}

TextWindows random_windows(const TextPart& part, Index steps, Index batch, Random& random) {
  const Index size = std::ssize(part.symbols);
  if (steps < 1 || batch < 1 || size <= steps) {
    fail_input(
        "got {} windows of {} steps from a text of {} symbols, expected at least 1 of 1 to {}",
        batch, steps, size, size - 1);
  }
  TextWindows windows{Tensor<float>::uninitialised({steps, batch}),
                      Tensor<float>::uninitialised({steps, batch})};
  for (Index b = 0; b < batch; ++b) {
    const auto begin = random.below(static_cast<std::uint64_t>(size - steps));
    for (Index t = 0; t < steps; ++t) {
      const std::uint32_t* symbol = &part.symbols[begin + static_cast<std::uint64_t>(t)];
      windows.x.data()[t * batch + b] = static_cast<float>(symbol[0]);
      windows.next.data()[t * batch + b] = static_cast<float>(symbol[1]);
    }
  }
  return windows;
}

}  // namespace carousel
