#include "cell/language/token_stream.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cell/language/functions.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/words.hpp"

namespace carousel {
namespace {

bool ends_value(const Token& token) {
  return token.kind == Token::Kind::number || token.text == ")" || token.text == "]" ||
         (token.kind == Token::Kind::name &&
          (!contains(keywords(), token.text) || token.text == "input"));
}

bool begins_value(const Token& token) {
  return token.kind == Token::Kind::number || token.text == "(" ||
         (token.kind == Token::Kind::name && !contains(keywords(), token.text));
}

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 40;
  return text.size() <= most ? std::string(text) : fmt::format("{}..", text.substr(0, most));
}

}  // namespace

std::string described(const Token& token) {
  switch (token.kind) {
    case Token::Kind::newline: return "the end of the line";
    case Token::Kind::end: return "the end of the file";
    case Token::Kind::string: return "a string";
    case Token::Kind::name:
      if (contains(keywords(), token.text)) return fmt::format("the keyword '{}'", token.text);
      break;
    default: break;
  }
  return fmt::format("'{}'", shortened(token.text));
}

TokenStream::TokenStream(std::shared_ptr<const SourceText> source)
    : source_(std::move(source)), tokens_(tokens_of(*source_)) {
  fail_if_wrong();
}

const Token& TokenStream::later(std::size_t ahead) const {
  return tokens_.tokens[std::min(at_ + ahead, tokens_.tokens.size() - 1)];
}

const Token& TokenStream::next() {
  const Token& token = now();
  if (at_ + 1 < tokens_.tokens.size()) ++at_;
  fail_if_wrong();
  return token;
}

void TokenStream::fail_if_wrong() const {
  if (at(Token::Kind::wrong)) fail(now(), tokens_.message);
}

bool TokenStream::at_sign(std::string_view text) const {
  return at(Token::Kind::sign) && now().text == text;
}

bool TokenStream::at_word(std::string_view text) const {
  return at(Token::Kind::name) && now().text == text;
}

bool TokenStream::take_sign(std::string_view text) {
  if (!at_sign(text)) return false;
  next();
  return true;
}

bool TokenStream::take_word(std::string_view text) {
  if (!at_word(text)) return false;
  next();
  return true;
}

SourcePlace TokenStream::place(const Token& token) const {
  return {source_, token.line, token.column, std::max(token.length, 1)};
}

SourcePlace TokenStream::place_from(const Token& first) const {
  SourcePlace found = place(first);
  const Token& last = tokens_.tokens[at_ == 0 ? 0 : at_ - 1];
  const std::size_t end = last.offset + static_cast<std::size_t>(last.length);
  if (end > first.offset) found.length = static_cast<int>(end - first.offset);
  return found;
}

void TokenStream::fail(const Token& token, std::string_view message) const {
  SourcePlace found = place(token);
  if (token.kind == Token::Kind::end && tokens_.tokens.size() > 1) {
    const Token& last = tokens_.tokens[tokens_.tokens.size() - 2];
    const int behind = last.kind == Token::Kind::newline ? 0 : last.length;
    found.line = last.line;
    found.column = last.column + behind;
  }
  fail_at(found, message);
}

void TokenStream::fail_expected(std::string_view what) const {
  fail(now(), fmt::format("expected {}, found {}", what, described(now())));
}

void TokenStream::fail_expression(std::string_view what) const {
  const Token& found = now();
  const Token& before = tokens_.tokens[at_ == 0 ? 0 : at_ - 1];
  const bool two_values = ends_value(before) && begins_value(found) && before.line == found.line;
  for (const Token* word : {&found, &before}) {
    if (word->kind != Token::Kind::name || (word == &before && !two_values)) continue;
    const std::string_view advice = advice_for_word(word->text);
    if (advice.empty()) continue;
    fail(*word, fmt::format("'{}' is no word of the language: {}", word->text, advice));
  }
  if (two_values && find_function(std::string(before.text))) {
    fail(before, fmt::format("{0} is a function: write {0}(..)", before.text));
  }
  if (two_values) {
    fail(found, fmt::format("an operator is missing between {} and {}: @ is the matrix product, "
                            "* the elementwise one",
                            described(before), described(found)));
  }
  if (at_sign("=")) {
    fail(found, "'=' sets the name at the beginning of a line; to compare, write '=='");
  }
  if (at_sign("{")) fail(found, "a step is written in square brackets: h[t-1]");
  fail_expected(what);
}

void TokenStream::expect_sign(std::string_view text, const Token* opened) {
  if (take_sign(text)) return;
  const bool left_open = at(Token::Kind::end) || (opened && now().line > opened->line);
  if (opened && left_open) {
    fail(*opened, fmt::format("this '{}' is not closed: '{}' is missing", opened->text, text));
  }
  const std::string what = fmt::format("'{}'", text);
  if (opened) fail_expression(what);
  fail_expected(what);
}

void TokenStream::expect_line_end() {
  if (at(Token::Kind::end) || at_sign("}")) return;
  if (!at(Token::Kind::newline)) fail_expression("the end of the line");
  next();
}

void TokenStream::skip_empty_lines() {
  while (at(Token::Kind::newline)) next();
}

}  // namespace carousel
