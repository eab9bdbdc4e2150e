#include "cell/language/language_error.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "io/characters.hpp"

namespace carousel {
namespace {

constexpr std::size_t shown_before = 100;  // bytes of a long line that are shown around a place
constexpr std::size_t shown_after = 60;

std::string_view line_of(std::string_view text, int line) {
  std::size_t begin = 0;
  for (int i = 1; i < line; ++i) {
    begin = text.find('\n', begin);
    if (begin == std::string_view::npos) return {};
    ++begin;
  }
  std::string_view found = text.substr(begin, text.find('\n', begin) - begin);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

// The characters of `text`, each as `draw` has it: safe to print, whatever the bytes are.
template <class Draw>
void for_each_character(std::string_view text, Draw draw) {
  while (!text.empty()) {
    const Character c = first_character(text);
    draw(c, text.substr(0, c.bytes));
    text.remove_prefix(c.bytes);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  for_each_character(text, [&](const Character& c, std::string_view bytes) {
    out += c.printable() ? std::string(bytes) : "?";
  });
  return out;
}

// As many columns as `text` takes; a tab stays one, so that the caret stands right.
std::string blanks(std::string_view text) {
  std::string out;
  for_each_character(
      text, [&](const Character& c, std::string_view) { out += c.code == '\t' ? '\t' : ' '; });
  return out;
}

// Moves an end of a cut out of the middle of a character.
std::size_t character_border(std::string_view text, std::size_t at) {
  for (int i = 0; i < 3 && at > 0 && at < text.size() && is_continuation(text[at]); ++i) --at;
  return at;
}

}  // namespace

std::string show_place(const SourcePlace& place, std::string_view message) {
  if (!place.source) return std::string(message);
  const std::string_view line = line_of(place.source->text, place.line);
  const auto column =
      std::min(static_cast<std::size_t>(std::max(place.column - 1, 0)), line.size());
  const auto length = static_cast<std::size_t>(std::max(place.length, 1));
  const std::size_t begin =
      character_border(line, column > shown_before ? column - shown_before : 0);
  const std::size_t end = character_border(line, std::min(line.size(), column + shown_after));
  const std::size_t stop = std::clamp(column + length, column, std::max(column, end));
  const std::string_view dots_before = begin > 0 ? "..." : "";
  const std::string_view dots_after = end < line.size() ? "..." : "";

  std::size_t marked = 0;
  for_each_character(line.substr(column, stop - column),
                     [&](const Character&, std::string_view) { ++marked; });
  return fmt::format("{}:{}:{}: {}\n  {}{}{}\n  {}{}^{}", place.source->file, place.line,
                     place.column, message, dots_before, printable(line.substr(begin, end - begin)),
                     dots_after, blanks(dots_before), blanks(line.substr(begin, column - begin)),
                     std::string(marked > 1 ? marked - 1 : 0, '~'));
}

void fail_at(const SourcePlace& place, std::string_view message) {
  throw LanguageError(show_place(place, message));
}

}  // namespace carousel
