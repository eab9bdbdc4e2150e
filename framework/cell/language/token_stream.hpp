#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cell/language/lexer.hpp"

namespace carousel {

/// The tokens of a file, read from the first to the last. Throws LanguageError.
class TokenStream {
 public:
  /// Cuts the file into tokens, and stands at the first one.
  explicit TokenStream(std::shared_ptr<const SourceText> source);

  /// The token at hand.
  const Token& now() const { return tokens_.tokens[at_]; }
  /// `ahead` tokens behind now().
  const Token& later(std::size_t ahead) const;
  /// Returns now() and goes on.
  const Token& next();

  /// Whether now() is of a kind.
  bool at(Token::Kind kind) const { return now().kind == kind; }
  /// Whether now() is this sign.
  bool at_sign(std::string_view text) const;
  /// Whether now() is this name or word.
  bool at_word(std::string_view text) const;
  /// Goes on when now() is this sign, and says whether it was.
  bool take_sign(std::string_view text);
  /// Goes on when now() is this word, and says whether it was.
  bool take_word(std::string_view text);

  /// The place of a token.
  SourcePlace place(const Token& token) const;
  /// The place from a token to the last that was read.
  SourcePlace place_from(const Token& first) const;

  /// Throws a LanguageError at a token; for the end of the file, behind what comes last.
  [[noreturn]] void fail(const Token& token, std::string_view message) const;
  /// "expected .., found .." at now().
  [[noreturn]] void fail_expected(std::string_view what) const;
  /// The same in an expression or behind it, where something else is likely meant.
  [[noreturn]] void fail_expression(std::string_view what) const;

  /// Reads a sign. `opened` is the bracket that it closes, if any.
  void expect_sign(std::string_view text, const Token* opened = nullptr);
  /// Reads the end of a line. A `}` ends a line too and is not read.
  void expect_line_end();
  /// Goes on to the next token that is no line end.
  void skip_empty_lines();

 private:
  void fail_if_wrong() const;

  std::shared_ptr<const SourceText> source_;
  Tokens tokens_;
  std::size_t at_ = 0;
};

/// How a message names a token: "'W_z'", "the end of the line".
std::string described(const Token& token);

}  // namespace carousel
