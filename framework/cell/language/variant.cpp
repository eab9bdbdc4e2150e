#include <fmt/core.h>

#include <map>
#include <set>

#include "cell/language/checks.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/line_order.hpp"
#include "cell/language/parser.hpp"

namespace carousel {
namespace {

using Kind = Statement::Kind;

// Statements with the same key are one line in two versions; a repeat has none.
std::string key_of(const Statement& statement) {
  switch (statement.kind) {
    case Kind::output: return "output";
    case Kind::state: return "state " + statement.name;
    case Kind::initial: return "initial " + statement.name;
    default: return statement.name;
  }
}

void add_names_set(const Statement& repeat, std::set<std::string>& names) {
  for (const Statement& line : repeat.body) {
    if (line.kind == Kind::repeat) {
      add_names_set(line, names);
    } else {
      names.insert(line.name);
    }
  }
}

std::set<std::string> names_set(const Statement& repeat) {
  std::set<std::string> names;
  add_names_set(repeat, names);
  return names;
}

class Merge {
 public:
  explicit Merge(const CellSyntax& base) {
    for (const Statement& line : base.statements) {
      if (line.kind != Kind::repeat) lines_.insert({key_of(line), &line});
    }
    for (const Statement& line : base.statements) {
      if (line.kind == Kind::repeat) find_inside(line, line);
    }
  }

  std::vector<Statement> run(const CellSyntax& variant, const CellSyntax& base) {
    for (const Statement& line : variant.statements) {
      const Statement* old = line_replaced_by(line);
      waiting_.push_back(&line);
      if (old) put_at(*old);
    }
    std::vector<Statement> merged = rebuild(base.statements);
    for (const Statement* line : waiting_) merged.push_back(*line);
    for (const auto& [old, change] : changes_) {
      if (change.line && !change.done) {
        fail_at(
            change.line->name_place,
            fmt::format("'{}' stands in the repeat that this file replaces: set it in those braces",
                        change.line->name));
      }
    }
    return merged;
  }

 private:
  struct Change {
    std::vector<const Statement*> before;
    const Statement* line = nullptr;  // instead of the old one
    bool done = false;
  };

  void find_inside(const Statement& repeat, const Statement& outermost) {
    for (const Statement& line : repeat.body) {
      if (line.kind == Kind::repeat) {
        find_inside(line, outermost);
        continue;
      }
      lines_.insert({key_of(line), &line});
      repeats_.insert({line.name, &outermost});
      outermost_[&line] = &outermost;
    }
  }

  const Statement* line_replaced_by(const Statement& line) const {
    if (line.kind != Kind::repeat) {
      const auto found = lines_.find(key_of(line));
      return found == lines_.end() ? nullptr : found->second;
    }
    for (const std::string& name : names_set(line)) {
      const auto found = repeats_.find(name);
      if (found == repeats_.end()) continue;
      const auto change = changes_.find(found->second);
      if (change == changes_.end() || !change->second.line) return found->second;
    }
    return nullptr;
  }

  // The last line that waits replaces `old`; the others come before it. Only equations can stand in
  // the braces of a repeat; declarations come before the braces.
  void put_at(const Statement& old) {
    changes_[&old].line = waiting_.back();
    waiting_.pop_back();
    const auto outermost = outermost_.find(&old);
    for (const Statement* line : waiting_) {
      const bool equation = line->kind == Kind::assign || line->kind == Kind::repeat;
      const bool outside = outermost != outermost_.end() && !equation;
      changes_[outside ? outermost->second : &old].before.push_back(line);
    }
    waiting_.clear();
  }

  std::vector<Statement> rebuild(const std::vector<Statement>& lines) {
    std::vector<Statement> out;
    for (const Statement& line : lines) {
      const auto change = changes_.find(&line);
      if (change != changes_.end()) {
        for (const Statement* added : change->second.before) out.push_back(*added);
        change->second.done = true;
      }
      const bool replaced = change != changes_.end() && change->second.line;
      out.push_back(replaced ? *change->second.line : line);
      if (!replaced && !line.body.empty()) out.back().body = rebuild(line.body);
    }
    return out;
  }

  std::map<std::string, const Statement*> lines_;    // of the base, by key
  std::map<std::string, const Statement*> repeats_;  // of the base, by the names set in them
  std::map<const Statement*, const Statement*> outermost_;
  std::map<const Statement*, Change> changes_;  // by the old line
  std::vector<const Statement*> waiting_;       // new lines whose place is not known yet
};

// Which names a cell needs for its output.
class Needs {
 public:
  explicit Needs(const std::vector<Statement>& statements) {
    std::vector<std::string> outer;
    read(statements, outer);
    while (!todo_.empty()) {
      const std::string name = todo_.back();
      todo_.pop_back();
      for (const std::string& next : reads_[name]) need(next);
    }
  }

  bool has(const std::string& name) const { return needed_.count(name) > 0; }

 private:
  void need(const std::string& name) {
    if (needed_.insert(name).second) todo_.push_back(name);
  }

  // `outer`: what the bounds of the repeats around read.
  void read(const std::vector<Statement>& statements, const std::vector<std::string>& outer) {
    for (const Statement& line : statements) {
      if (line.kind == Kind::output) need(owner_of(line.name));
      std::vector<std::string> names = outer;
      for (const auto* parts : {&line.shape, &line.range, &line.options}) {
        for (const Expression& part : *parts) add(part, names);
      }
      if (line.kind == Kind::repeat) {
        read(line.body, names);
        continue;
      }
      if (line.initialiser) {
        for (const Expression& part : line.initialiser->parts) add(part, names);
      }
      add(line.value, names);
      reads_[line.name].insert(names.begin(), names.end());
    }
  }

  static void add(const Expression& expression, std::vector<std::string>& names) {
    if (!expression.text.empty()) names.push_back(owner_of(expression.text));
    for (const Expression& part : expression.parts) add(part, names);
  }

  std::map<std::string, std::set<std::string>> reads_;
  std::set<std::string> needed_;
  std::vector<std::string> todo_;
};

// Takes out the lines of the base that only the old lines needed.
void leave_out(std::vector<Statement>& lines, const Needs& before, const Needs& after,
               const SourceText* variant) {
  std::erase_if(lines, [&](Statement& line) {
    if (line.place.source.get() == variant) return false;
    if (line.kind == Kind::repeat) {
      leave_out(line.body, before, after, variant);
      return line.body.empty();
    }
    if (line.kind == Kind::hyper || line.kind == Kind::output) return false;
    return before.has(line.name) && !after.has(line.name);
  });
}

}  // namespace

CellSyntax merge_variant(const CellSyntax& variant, const CellSyntax& base) {
  CellSyntax merged = variant;
  merged.base.clear();
  if (variant.title.empty()) merged.title = base.title;
  if (variant.reference.empty()) merged.reference = base.reference;
  if (variant.group.empty()) merged.group = base.group;
  if (variant.conventions.empty()) merged.conventions = base.conventions;
  merged.statements = in_order(Merge(base).run(variant, base));
  check_names(merged);
  check_whole(merged);
  leave_out(merged.statements, Needs(base.statements), Needs(merged.statements),
            variant.source.get());
  return merged;
}

}  // namespace carousel
