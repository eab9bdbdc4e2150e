#include "cell/language/warnings.hpp"

#include <fmt/core.h>

#include <set>

#include "cell/language/language_error.hpp"

namespace carousel {
namespace {

/// The names that the lines of a cell read.
struct Reading {
  std::set<std::string> names, delayed, called;

  void expression(const Expression& e) {
    if (e.kind == Expression::Kind::name) names.insert(e.text);
    if (e.kind == Expression::Kind::delay) delayed.insert(e.text);
    if (e.kind == Expression::Kind::call) called.insert(e.text);
    for (const Expression& part : e.parts) expression(part);
  }

  void line(const Statement& s) {
    expression(s.value);
    if (s.initialiser) expression(*s.initialiser);
    for (const auto* list : {&s.options, &s.shape, &s.range}) {
      for (const Expression& e : *list) expression(e);
    }
    for (const Statement& inner : s.body) line(inner);
  }
};

}  // namespace

std::vector<std::string> warnings_of(const CellSyntax& syntax) {
  Reading reading;
  for (const Statement& line : syntax.statements) reading.line(line);
  std::vector<std::string> warnings;
  for (const Statement& line : syntax.statements) {
    if (line.place.source != syntax.source) continue;
    const auto warn = [&](const char* what) {
      warnings.push_back(
          show_place(line.name_place, fmt::format("warning: {} {}", what, line.name)));
    };
    const bool about_state =
        line.kind == Statement::Kind::state || line.kind == Statement::Kind::initial;
    if (line.kind == Statement::Kind::parameter && !reading.names.count(line.name)) {
      warn("nothing reads the parameter");
    }
    if (line.kind == Statement::Kind::hyper && !reading.names.count(line.name)) {
      warn("nothing reads the hyper");
    }
    if (about_state && !reading.delayed.count(line.name)) warn("nothing reads the state");
    if (line.kind == Statement::Kind::use && !reading.called.count(line.name)) {
      warn("nothing calls the cell");
    }
  }
  return warnings;
}

}  // namespace carousel
