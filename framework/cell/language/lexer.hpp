#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cell/language/syntax.hpp"

namespace carousel {

/// A word, number, string or sign of a cell file.
struct Token {
  /// What a token is; end: of the file, wrong: a character without a meaning.
  enum class Kind { name, number, string, sign, newline, end, wrong };
  Kind kind = Kind::end;   ///< which it is
  std::size_t offset = 0;  ///< bytes of the source in front of it
  int line = 1,            ///< from 1
      column = 1;          ///< bytes, from 1
  int length = 1;          ///< bytes
  std::string_view text;   ///< in the source; without the quotes of a string
  double value = 0.0;      ///< of a number
};

/// A file cut into tokens. Where a character has no meaning, the last token is `wrong` and
/// `message` says why, so that the mistakes before it are told first. Newlines that end no
/// statement are left out: those in brackets, behind an operator or a comma, and empty lines.
struct Tokens {
  std::vector<Token> tokens;  ///< the last one is `end` or `wrong`
  std::string message;        ///< of a last token that is `wrong`; else empty
};

/// Cuts `source`, which must outlive the result.
Tokens tokens_of(const SourceText& source);

/// Letters, digits and `_` are the characters of names, in ASCII.
bool is_name_character(char c);

/// The longest name.
constexpr std::size_t longest_name = 64;

}  // namespace carousel
