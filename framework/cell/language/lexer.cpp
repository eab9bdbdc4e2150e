#include "cell/language/lexer.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "cell/language/words.hpp"
#include "io/characters.hpp"

namespace carousel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr std::string_view two_signs[] = {"<=", ">=", "==", "!=", ".."};
constexpr std::string_view one_sign = "+-*/@^<>=()[]{}:,";

class Lexer {
 public:
  explicit Lexer(const SourceText& source) : text_(source.text) {}

  Tokens run() {
    while (at_ < text_.size() && out_.message.empty()) step();
    if (out_.message.empty()) add(Token::Kind::end, 0);
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void step() {
    const char c = peek();
    if (c == ' ' || c == '\t' || (c == '\r' && peek(1) == '\n')) {
      ++at_;
    } else if (c == '\n') {
      newline();
    } else if (c == '#') {
      comment();
    } else if (c == '"') {
      string();
    } else if (is_letter(c)) {
      name();
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number();
    } else {
      sign();
    }
  }

  void add(Token::Kind kind, std::size_t length, double value = 0.0) {
    Token token;
    token.kind = kind;
    token.offset = at_;
    token.line = line_;
    token.column = static_cast<int>(at_ - line_begin_) + 1;
    token.length = static_cast<int>(length);
    token.text = text_.substr(at_, length);
    token.value = value;
    out_.tokens.push_back(token);
    at_ += length;
  }

  void wrong(std::size_t length, std::string message) {
    add(Token::Kind::wrong, length);
    out_.message = std::move(message);
  }

  bool goes_on() const {
    if (brackets_ > 0 || out_.tokens.empty()) return true;
    const Token& last = out_.tokens.back();
    if (last.kind == Token::Kind::newline) return true;
    if (last.kind != Token::Kind::sign) return false;
    constexpr std::string_view closing = ")]}:{..";
    return closing.find(last.text) == std::string_view::npos;
  }

  void newline() {
    if (goes_on()) {
      ++at_;
    } else {
      add(Token::Kind::newline, 1);
    }
    ++line_;
    line_begin_ = at_;
  }

  // Text that is not read must still be text, since it is shown.
  bool pass_character() {
    const Character c = first_character(text_.substr(at_));
    const bool line_end = peek() == '\r' && peek(1) == '\n';
    if (!c.printable() && !line_end) {
      unreadable(c);
      return false;
    }
    at_ += c.bytes;
    return true;
  }

  void unreadable(const Character& c) {
    wrong(1, c.valid ? fmt::format("a control character (code {}) is in the text: remove it",
                                   static_cast<unsigned>(c.code))
                     : fmt::format("byte {:#04x} is not UTF-8: save the file as UTF-8",
                                   static_cast<unsigned>(c.code)));
  }

  void comment() {
    while (at_ < text_.size() && peek() != '\n') {
      if (!pass_character()) return;
    }
  }

  void string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && peek() != '\n' && peek() != '"') {
      if (!pass_character()) return;
    }
    const bool closed = peek() == '"';
    std::size_t end = at_;
    if (!closed && end > begin + 1 && text_[end - 1] == '\r') --end;
    at_ = begin;
    if (!closed)
      return wrong(end - begin, "the string is not closed: a \" is missing in this line");
    add(Token::Kind::string, end + 1 - begin);
    out_.tokens.back().text = text_.substr(begin + 1, end - begin - 1);
  }

  void name() {
    std::size_t end = at_;
    while (true) {
      const std::size_t begin = end;
      while (end < text_.size() && is_name_character(text_[end])) ++end;
      if (end - begin > longest_name) {
        return wrong(end - at_, fmt::format("a name has at most {} characters, this one has {}",
                                            longest_name, end - begin));
      }
      const bool part_follows =
          end + 1 < text_.size() && text_[end] == '.' && is_name_character(text_[end + 1]);
      if (!part_follows) break;
      ++end;
    }
    add(Token::Kind::name, end - at_);
  }

  void number() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && is_digit(text_[end])) ++end;
    };
    const auto at = [&](std::size_t i) { return i < text_.size() ? text_[i] : '\0'; };
    digits();
    if (at(end) == '.' && at(end + 1) != '.') {
      ++end;
      digits();
    }
    if (at(end) == 'e' || at(end) == 'E') {
      const std::size_t sign = at(end + 1) == '+' || at(end + 1) == '-' ? 1 : 0;
      if (is_digit(at(end + 1 + sign))) {
        end += 1 + sign;
        digits();
      }
    }
    if (is_name_character(at(end))) {
      std::size_t behind = end;
      while (is_name_character(at(behind))) ++behind;
      const std::size_t shown = std::min(behind - end, longest_name);
      return wrong(behind - at_, fmt::format("a sign is missing behind a number: write {} * {}?",
                                             text_.substr(at_, std::min(end - at_, longest_name)),
                                             text_.substr(end, shown)));
    }
    double value = 0.0;
    const auto result = std::from_chars(text_.data() + at_, text_.data() + end, value);
    if (result.ec != std::errc() || !std::isfinite(value)) {
      return wrong(end - at_, "the number is beyond the range of double precision");
    }
    add(Token::Kind::number, end - at_, value);
  }

  void sign() {
    const std::string_view two = text_.substr(at_, 2);
    if (!advice_for_operator(two).empty() && two.size() == 2) return unknown(two);
    for (const std::string_view known : two_signs) {
      if (two == known) return add(Token::Kind::sign, 2);
    }
    if (one_sign.find(peek()) == std::string_view::npos) {
      const Character c = first_character(text_.substr(at_));
      if (!c.printable()) return unreadable(c);
      return unknown(text_.substr(at_, c.bytes));
    }
    if (peek() == '(' || peek() == '[') ++brackets_;
    if ((peek() == ')' || peek() == ']') && brackets_ > 0) --brackets_;
    add(Token::Kind::sign, 1);
  }

  void unknown(std::string_view what) {
    std::string_view advice = advice_for_operator(what);
    if (advice.empty()) advice = advice_for_character(first_character(what).code);
    if (advice.empty() && static_cast<unsigned char>(what[0]) >= 0x80) {
      advice = "names and signs are ASCII; other characters stand in strings and comments";
    }
    if (what == "_") advice = "a name begins with a letter";
    wrong(what.size(), advice.empty() ? fmt::format("'{}' has no meaning here", what)
                                      : fmt::format("'{}' has no meaning here: {}", what, advice));
  }

  std::string_view text_;
  std::size_t at_ = 0, line_begin_ = 0;
  int line_ = 1;
  int brackets_ = 0;
  Tokens out_;
};

}  // namespace

bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

Tokens tokens_of(const SourceText& source) { return Lexer(source).run(); }

}  // namespace carousel
