#pragma once

#include <fmt/core.h>

#include <string>

#include "cell/language/syntax.hpp"

namespace carousel {

/// An expression in prefix form: "(+ a (@ W x))", "(delay h 1)", "(at v 0 (: a _))", "(f a k=b)".
inline std::string printed(const Expression& e) {
  using Kind = Expression::Kind;
  std::string head;
  switch (e.kind) {
    case Kind::absent: return "_";
    case Kind::number: return fmt::format("{}", e.value);
    case Kind::name: return e.text;
    case Kind::unary:
    case Kind::binary:
    case Kind::call: head = e.text; break;
    case Kind::delay: head = "delay " + e.text; break;
    case Kind::index: head = "at"; break;
    case Kind::subrange: head = ":"; break;
    case Kind::list: head = "list"; break;
  }
  for (std::size_t i = 0; i < e.parts.size(); ++i) {
    const bool named = i < e.names.size() && !e.names[i].empty();
    head += " " + (named ? e.names[i] + "=" : "") + printed(e.parts[i]);
  }
  return "(" + head + ")";
}

inline std::string printed(const std::vector<Expression>& list) {
  std::string text;
  for (const Expression& e : list) text += (text.empty() ? "" : " ") + printed(e);
  return "[" + text + "]";
}

/// A statement with all that it holds.
inline std::string printed(const Statement& s) {
  static constexpr const char* kinds[] = {"hyper",    "input",   "parameter", "state", "initial",
                                          "function", "noise",   "schedule",  "loss",  "use",
                                          "assign",   "collect", "repeat",    "output"};
  std::string text = fmt::format("{} {}", kinds[static_cast<int>(s.kind)], s.name);
  if (!s.text.empty()) text += " of " + s.text;
  if (!s.range.empty()) text += " in " + printed(s.range);
  if (!s.shape.empty()) text += " : " + printed(s.shape);
  if (s.arguments.empty() && !s.options.empty()) text += " weight " + printed(s.options);
  for (std::size_t i = 0; i < s.arguments.size(); ++i) {
    text += " " + s.arguments[i];
    if (i < s.options.size()) text += "=" + printed(s.options[i]);
  }
  if (s.initialiser) text += " init " + printed(*s.initialiser);
  if (s.fixed) text += " fixed";
  if (s.value.kind != Expression::Kind::absent) text += " = " + printed(s.value);
  if (s.body.empty()) return text;
  text += " {";
  for (const Statement& line : s.body) text += " " + printed(line) + ";";
  return text + " }";
}

/// The statements of a cell, a line each.
inline std::string printed(const CellSyntax& cell) {
  std::string text;
  for (const Statement& s : cell.statements) text += printed(s) + "\n";
  return text;
}

}  // namespace carousel
