#include "line_reader.hpp"

#include "data/text.hpp"
#include "io/characters.hpp"
#include "study/settings.hpp"
#include "tensor/error.hpp"

namespace carousel::phrases {

LineReader::LineReader(const std::filesystem::path& path)
    : file_(path.string()), whole_(read_utf8(path)), lines_(lines_of(whole_)) {
  if (lines_.empty()) fail_input("{}:1: got an empty file, expected lines", file_);
}

bool LineReader::next() {
  if (at_ == lines_.size()) return false;
  ++at_;
  return true;
}

void LineReader::next_beside(const LineReader& lines_of) {
  if (next()) return;
  fail_input("{}:{}: got the end of the file, expected a line for each one of {}", file_, at_ + 1,
             lines_of.file());
}

void LineReader::expect_end(const LineReader& lines_of) {
  if (next()) fail(text(), "no line beyond those of " + lines_of.file());
}

std::vector<std::string_view> LineReader::fields(std::size_t count, std::string_view form) const {
  constexpr std::string_view between = " ||| ";
  std::vector<std::string_view> fields;
  std::string_view rest = text();
  for (std::size_t end = 0; (end = rest.find(between)) != rest.npos;) {
    fields.push_back(rest.substr(0, end));
    rest.remove_prefix(end + between.size());
  }
  fields.push_back(rest);
  if (fields.size() != count) fail(text(), form);
  return fields;
}

double LineReader::number(std::string_view text) const {
  const auto value = number_in(text);
  if (!value) fail(text, "a finite number");
  return *value;
}

void LineReader::fail(std::string_view got, std::string_view expected) const {
  fail_input("{}:{}: got '{}', expected {}", file_, at_, got, expected);
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == text.npos) return words;
    text.remove_prefix(first);
    words.push_back(text.substr(0, text.find_first_of(blanks)));
    text.remove_prefix(words.back().size());
  }
}

}  // namespace carousel::phrases
