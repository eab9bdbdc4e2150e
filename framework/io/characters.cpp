#include "io/characters.hpp"

#include <array>

#include "io/files.hpp"
#include "tensor/error.hpp"

namespace carousel {

Character first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1, true};
  const Character invalid{first, 1, false};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return invalid;
  char32_t code = first & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return invalid;
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fu);
  }
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (code < smallest[bytes] || code > 0x10ffff || surrogate) return invalid;
  return {code, bytes, true};
}

void expect_utf8(std::string_view text, const std::string& source) {
  for (int line = 1; !text.empty();) {
    const Character c = first_character(text);
    if (!c.valid || c.code == 0) {
      fail_input("{}:{}: the byte {:#04x} is no UTF-8 text; save the file as UTF-8", source, line,
                 static_cast<unsigned char>(text[0]));
    }
    line += c.code == '\n' ? 1 : 0;
    text.remove_prefix(c.bytes);
  }
}

std::string read_utf8(const std::filesystem::path& path) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  std::string text = read_text(path);
  expect_utf8(text, path.string());
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return text;
}

}  // namespace carousel
