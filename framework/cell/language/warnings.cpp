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

class Warnings {
 public:
  explicit Warnings(const CellSyntax& syntax) : own_(syntax.source.get()) {
    for (const Statement& line : syntax.statements) {
      reading_.line(line);
      if (line.kind == Statement::Kind::output) values_read_.insert(owner_of(line.name));
    }
    for (const auto* names : {&reading_.names, &reading_.delayed}) {
      for (const std::string& name : *names) values_read_.insert(owner_of(name));
    }
    look_at(syntax.statements);
  }

  std::vector<std::string> found;

 private:
  void look_at(const std::vector<Statement>& lines) {
    for (const Statement& line : lines) {
      if (line.place.source.get() == own_) look_at(line);
      look_at(line.body);
    }
  }

  void look_at(const Statement& line) {
    const auto warn = [&](const char* what, const char* way_out = "") {
      found.push_back(
          show_place(line.name_place, fmt::format("warning: {} {}{}", what, line.name, way_out)));
    };
    using Kind = Statement::Kind;
    const bool is_read = reading_.names.count(line.name) > 0;
    const bool about_state = line.kind == Kind::state || line.kind == Kind::initial;
    if (line.kind == Kind::parameter && !is_read) warn("nothing reads the parameter");
    const bool is_called = reading_.called.count(line.name) > 0;
    if (line.kind == Kind::hyper && !is_read && !is_called) warn("nothing reads the hyper");
    if (about_state && !reading_.delayed.count(line.name)) warn("nothing reads the state");
    if (line.kind == Kind::use && !reading_.called.count(line.name)) {
      warn("nothing calls the cell");
    }
    const bool is_value = line.kind == Kind::assign || line.kind == Kind::collect;
    if (is_value && !values_read_.count(line.name)) {
      warn("nothing reads the value", ": it changes nothing");
    }
  }

  const SourceText* own_;
  Reading reading_;
  std::set<std::string> values_read_;
};

}  // namespace

std::vector<std::string> warnings_of(const CellSyntax& syntax) { return Warnings(syntax).found; }

}  // namespace carousel
