#include "cell/language/head_parser.hpp"

#include <fmt/format.h>

#include "cell/language/language_error.hpp"
#include "cell/language/words.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

const Token& cell_name(TokenStream& tokens, std::string_view what) {
  if (!tokens.at(Token::Kind::name)) tokens.fail_expected(what);
  const Token& word = tokens.next();
  if (word.text.find('.') != std::string_view::npos) {
    tokens.fail(word, "the name of a cell has no '.'");
  }
  return word;
}

// Neighbouring strings are one, also those in the next lines.
std::string strings(TokenStream& tokens) {
  if (!tokens.at(Token::Kind::string)) tokens.fail_expected("a string, \"..\"");
  const Token& first = tokens.now();
  std::string joined;
  while (tokens.at(Token::Kind::string)) {
    joined += tokens.next().text;
    const bool goes_on = tokens.later(1).kind == Token::Kind::string;
    if (tokens.at(Token::Kind::newline) && goes_on) tokens.next();
  }
  if (joined.empty()) tokens.fail(first, "the string is empty");
  return joined;
}

std::string group(TokenStream& tokens) {
  const Token& first = tokens.now();
  if (!tokens.at(Token::Kind::name)) tokens.fail_expected("a group, such as gru");
  std::string name(tokens.next().text);
  if (!contains(group_names(), name)) {
    fail_at(tokens.place_from(first),
            fmt::format("no group '{}': the groups are {}", name, fmt::join(group_names(), ", ")));
  }
  return name;
}

bool field(TokenStream& tokens, CellSyntax& cell) {
  std::string* target = nullptr;
  if (tokens.at_word("ref")) target = &cell.reference;
  if (tokens.at_word("group")) target = &cell.group;
  if (tokens.at_word("conventions")) target = &cell.conventions;
  if (!target) return false;
  const Token& word = tokens.next();
  if (!target->empty()) tokens.fail(word, fmt::format("a second '{}': one is enough", word.text));
  *target = target == &cell.group ? group(tokens) : strings(tokens);
  return true;
}

}  // namespace

void parse_head(TokenStream& tokens, CellSyntax& cell) {
  tokens.skip_empty_lines();
  if (!tokens.at_word("cell")) {
    tokens.fail(tokens.now(), fmt::format("a file begins with: cell NAME \"title\"; found {}",
                                          described(tokens.now())));
  }
  tokens.next();
  const Token& name = cell_name(tokens, "the name of the cell");
  cell.name = std::string(name.text);
  cell.name_place = tokens.place(name);
  if (tokens.take_word("extends")) {
    const Token& base = cell_name(tokens, "the name of the cell that this one extends");
    cell.base = std::string(base.text);
    cell.base_place = tokens.place(base);
    if (cell.base == cell.name) tokens.fail(base, "a cell can't extend itself");
  }
  if (!tokens.at(Token::Kind::newline) && !tokens.at(Token::Kind::end))
    cell.title = strings(tokens);
  tokens.expect_line_end();
  while (tokens.skip_empty_lines(), field(tokens, cell)) tokens.expect_line_end();
}

}  // namespace carousel
