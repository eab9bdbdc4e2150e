// Any bytes give a text in three parts or an InputError, in each of its forms, which the first byte
// of an input tells: @ characters, A words, B and C the same in lines; D to G with symbols below a
// count of 2 unknown; H to O with larger shares. The symbols are the text again.

#include "data/text.hpp"

#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "target.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr std::string_view blanks = " \t\r\v\f\n";

TextForm form_of(unsigned letter) {
  const double share = (letter & 8U) != 0 ? 0.5 : 0.1;
  return {(letter & 1U) != 0, (letter & 2U) != 0, (letter & 4U) != 0 ? 2 : 1, share, share / 2};
}

// A symbol that is a line's end stands for itself; other blanks are between words.
bool is_blank(std::string_view rest, const TextForm& form) {
  return form.words && rest[0] != '\n' && blanks.find(rest[0]) != rest.npos;
}

std::size_t bytes_of_next(std::string_view rest, const TextForm& form) {
  if (rest[0] == '\n') return 1;
  if (form.words) return std::min(rest.find_first_of(blanks), rest.size());
  std::size_t bytes = 1;
  while (bytes < rest.size() && (static_cast<unsigned char>(rest[bytes]) & 0xc0U) == 0x80) ++bytes;
  return bytes;
}

// Whether symbols are those of a text, each in its place.
class Decoder {
 public:
  Decoder(std::string_view text, const TextForm& form) : rest_(text), form_(form) {}

  // text: nothing of a symbol that is unknown, which may be anything.
  void take(const std::string* text) {
    skip_blanks();
    must_hold(!rest_.empty(), "there are no more symbols than the text has");
    const std::size_t bytes = bytes_of_next(rest_, form_);
    must_hold(text == nullptr || *text == rest_.substr(0, bytes), "a symbol is that of the text");
    rest_.remove_prefix(bytes);
  }
  void end() {
    skip_blanks();
    must_hold(rest_.empty(), "all of the text is symbols");
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_, form_)) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  TextForm form_;
};

std::vector<std::string> sequences_of(const std::string& text, const TextForm& form) {
  if (!form.lines) return {text};
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.find_first_not_of(blanks) == line.npos) continue;
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

void expect_vocabulary(const TextSet& set, const TextForm& form) {
  const Vocabulary& vocabulary = set.vocabulary;
  must_hold(set.unknown >= -1 && set.unknown < vocabulary.size(), "the unknown has a number");
  must_hold(set.unknown < 0 || vocabulary.text(set.unknown) == "<unk>", "the unknown has a name");
  std::vector<Index> counts(static_cast<std::size_t>(vocabulary.size()));
  for (const TextPart& part : set.parts) {
    for (const std::uint32_t symbol : part.symbols) {
      must_hold(symbol < vocabulary.size(), "symbols are of the vocabulary");
      counts[symbol] += &part == &set.parts[0] ? 1 : 0;
    }
  }
  Index before = std::ssize(set.parts[0].symbols);
  for (Index k = 0; k < vocabulary.size(); ++k) {
    must_hold(vocabulary.find(vocabulary.text(k)) == k, "a symbol has its number");
    if (k == set.unknown) continue;
    const Index count = counts[static_cast<std::size_t>(k)];
    must_hold(count >= form.least_count, "symbols are as frequent as they must be");
    must_hold(count <= before, "the most frequent symbols come first");
    before = count;
  }
}

void expect_parts(const TextSet& set, const TextForm& form) {
  for (const TextPart& part : set.parts) {
    must_hold(part.starts.size() >= 2 && part.starts[0] == 0, "a part begins at 0");
    must_hold(part.starts.back() == std::ssize(part.symbols), "and ends at its end");
    for (std::size_t k = 1; k < part.starts.size(); ++k) {
      must_hold(part.starts[k - 1] < part.starts[k], "no sequence is empty");
    }
    must_hold((form.lines ? part.lines() : std::ssize(part.symbols)) >= 2,
              "a part holds 2 at least");
    must_hold(form.lines || part.lines() == 1, "a stream is one sequence");
  }
}

// Every symbol of the text stands once in the parts, in its order.
void expect_text(const TextSet& set, const std::string& text, const TextForm& form) {
  const std::vector<std::string> sequences = sequences_of(text, form);
  std::size_t next = 0;
  Decoder decoder(sequences[0], form);
  for (const TextPart& part : set.parts) {
    for (Index line = 0; line < part.lines(); ++line) {
      if (form.lines) {
        must_hold(next < sequences.size(), "there are no more lines than the text has");
        decoder = Decoder(sequences[next++], form);
      }
      const auto at = static_cast<std::size_t>(line);
      for (Index k = part.starts[at]; k < part.starts[at + 1]; ++k) {
        const std::uint32_t symbol = part.symbols[static_cast<std::size_t>(k)];
        decoder.take(symbol == set.unknown ? nullptr : &set.vocabulary.text(symbol));
      }
      if (form.lines) decoder.end();
    }
  }
  decoder.end();
  must_hold(!form.lines || next == sequences.size(), "all lines are in a part");
}

}  // namespace

void run(std::string_view input) {
  if (input.empty()) return;
  const auto path = fuzz_folder() / "text.txt";
  const TextForm form = form_of(static_cast<unsigned char>(input[0]));
  const std::string text(input.substr(1));
  write_bytes(path, text);
  const TextSet set = read_text_set(path, form);
  expect_vocabulary(set, form);
  expect_parts(set, form);
  const bool marked = text.starts_with("\xef\xbb\xbf");
  expect_text(set, marked ? text.substr(3) : text, form);
}

}  // namespace carousel
