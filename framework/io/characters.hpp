#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace carousel {

/// A character of a UTF-8 text.
struct Character {
  char32_t code = 0;      ///< the code point; where it is not valid, the byte
  std::size_t bytes = 1;  ///< from which it was read, 1 to 4
  bool valid = true;      ///< else one byte that is no UTF-8

  /// Whether it may stand in a message: valid, and a tab or no control character.
  bool printable() const {
    return valid &&
           (code == '\t' || (code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0)));
  }
};

/// Whether a byte goes on with a character of several bytes.
inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The character at the beginning of `text`, which is not empty.
Character first_character(std::string_view text);

/// Throws InputError with the line where a text is not UTF-8 or holds a byte 0. source: its file.
void expect_utf8(std::string_view text, const std::string& source);

/// The text of a UTF-8 file, without the byte order mark that some programs put in front. Throws
/// as read_text() and expect_utf8() do.
std::string read_utf8(const std::filesystem::path& path);

}  // namespace carousel
