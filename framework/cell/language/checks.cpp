#include "cell/language/checks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "cell/language/functions.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/words.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Kind = Statement::Kind;

std::string where(const SourcePlace& first, const SourcePlace& second) {
  if (first.source == second.source) return fmt::format("in line {}", first.line);
  return fmt::format("in {}:{}", first.source->file, first.line);
}

// Which names are set, statement by statement.
class NameCheck {
 public:
  void run(const std::vector<Statement>& statements) {
    block(statements);
    for (const auto* lines : {&states_, &initials_}) {
      for (const auto& [name, line] : *lines) check_state(*line);
    }
  }

 private:
  struct Setting {
    const Statement* statement;
    int block;  // that the name belongs to
  };

  void block(const std::vector<Statement>& statements) {
    blocks_.push_back(++last_block_);
    for (const Statement& statement : statements) check(statement);
    blocks_.pop_back();
  }

  void check_state(const Statement& line) const {
    const auto found = set_.find(line.name);
    if (found == set_.end() || found->second.statement->kind == Kind::assign) return;
    fail_at(line.name_place,
            fmt::format("'{}' can't be a state: it stands for something else, {}", line.name,
                        where(found->second.statement->name_place, line.name_place)));
  }

  void check(const Statement& statement) {
    switch (statement.kind) {
      case Kind::output:
        return once(outputs_, statement, "",
                    "a second output, the first is {}: join values with concat(a, b)");
      case Kind::state:
        return once(states_, statement, statement.name, "the state '{1}' has a shape already, {0}");
      case Kind::initial:
        return once(initials_, statement, statement.name,
                    "the state '{1}' has an initial value already, {0}");
      case Kind::repeat:
        if (const auto found = set_.find(statement.name); found != set_.end()) {
          twice(statement, *found->second.statement);
        }
        counters_.push_back(statement.name);
        block(statement.body);
        counters_.pop_back();
        return;
      default: set(statement);
    }
  }

  void set(const Statement& statement) {
    if (contains(counters_, statement.name)) {
      fail_at(statement.name_place,
              fmt::format("'{}' counts the rounds of repeat: choose another name", statement.name));
    }
    const auto [found, is_new] = set_.insert({statement.name, {&statement, blocks_.back()}});
    if (is_new) return;
    const Setting& before = found->second;
    const bool outer = before.block != blocks_.back() &&
                       std::find(blocks_.begin(), blocks_.end(), before.block) != blocks_.end();
    const bool is_value = before.statement->kind == Kind::assign && statement.kind == Kind::assign;
    if (!outer || !is_value) twice(statement, *before.statement);
    const auto [carried, first] = carried_.insert({{blocks_.back(), statement.name}, &statement});
    if (!first) twice(statement, *carried->second);
  }

  [[noreturn]] void twice(const Statement& statement, const Statement& before) const {
    fail_at(statement.name_place,
            fmt::format("'{}' is set twice, first {}: a name is set once, choose another",
                        statement.name, where(before.name_place, statement.name_place)));
  }

  void once(std::map<std::string, const Statement*>& seen, const Statement& statement,
            const std::string& key, const char* message) const {
    const auto [before, first] = seen.insert({key, &statement});
    if (first) return;
    fail_at(statement.name_place,
            fmt::format(fmt::runtime(message),
                        where(before->second->name_place, statement.name_place), statement.name));
  }

  std::map<std::string, Setting> set_;
  std::map<std::pair<int, std::string>, const Statement*> carried_;
  std::map<std::string, const Statement*> outputs_, states_, initials_;
  std::vector<int> blocks_;  // those that are open, the innermost last
  std::vector<std::string> counters_;
  int last_block_ = 0;
};

// Which functions are called, statement by statement.
class CallCheck {
 public:
  explicit CallCheck(const CellSyntax& cell) : cell_(cell) {
    for (const Statement& statement : cell.statements) {
      if (is_function(statement)) functions_[statement.name] = &statement;
      if (statement.kind == Kind::hyper && statement.value.kind == Expression::Kind::name) {
        words_.push_back(statement.name);
      }
    }
  }

  void run(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      inside_ = statement.kind == Kind::function ? statement.name : "";
      for (const Expression& part : statement.shape) check(part);
      for (const Expression& part : statement.range) check(part);
      for (const Expression& part : statement.options) {  // of a cell that is used: a word too
        const bool is_name = part.kind == Expression::Kind::name;
        if (statement.kind != Kind::use || !is_name) check(part);
      }
      if (statement.initialiser) {
        if (statement.kind == Kind::parameter) check_initialiser(*statement.initialiser);
        for (const Expression& part : statement.initialiser->parts) check(part);
      }
      if (statement.kind != Kind::hyper) check(statement.value);
      run(statement.body);
      if (is_function(statement)) above_.insert(statement.name);
    }
  }

 private:
  static bool is_function(const Statement& statement) {
    return statement.kind == Kind::function || statement.kind == Kind::use;
  }

  // Of a word alone: other ones were checked when they were read.
  void check_initialiser(const Expression& e) const {
    if (e.kind != Expression::Kind::name || e.text == "u" || e.text == "z") return;
    if (contains(initialiser_names(), e.text) || contains(words_, e.text)) return;
    std::vector<std::string> known = initialiser_names();
    known.insert(known.end(), words_.begin(), words_.end());
    const std::string_view advice = advice_for_word(e.text);
    fail_at(e.place, fmt::format("no initialiser '{}'{}", e.text,
                                 advice.empty() ? did_you_mean(e.text, known)
                                                : fmt::format(": {}", advice)));
  }

  void check(const Expression& expression) {
    if (expression.kind == Expression::Kind::call) check_call(expression);
    if (expression.kind == Expression::Kind::name && find_function(expression.text) &&
        !is_set(cell_.statements, expression.text)) {
      fail_at(expression.place, fmt::format("{0} is a function: write {0}(..)", expression.text));
    }
    for (const Expression& part : expression.parts) check(part);
  }

  void check_call(const Expression& call) {
    const auto found = functions_.find(call.text);
    const bool is_word = contains(words_, call.text);
    const bool known =
        found != functions_.end() || ((is_word || find_function(call.text)) && !call.indexed);
    if (!known) fail_unknown(call);
    if (call.text == inside_) fail_at(call.place, fmt::format("'{}' calls itself", call.text));
    if (found != functions_.end() && !above_.count(call.text)) {
      fail_at(call.place, fmt::format("'{}' is called before it is defined, {}", call.text,
                                      where(found->second->name_place, call.place)));
    }
    const bool takes_names = found != functions_.end() && found->second->kind == Kind::use;
    const Function* function = found == functions_.end() ? find_function(call.text) : nullptr;
    for (std::size_t i = 0; i < call.names.size(); ++i) {
      if (call.names[i].empty() || takes_names) continue;
      if (function && takes_named(*function, call.names[i])) continue;
      const bool reduces = function && takes_named(*function, "keep");
      const bool along = function && takes_named(*function, "axis");
      const std::string_view expected = reduces ? "those with a name are axis = k and keep = 1"
                                        : along ? "the only one with a name is axis = k"
                                                : "its arguments have no names";
      fail_at(call.parts[i].place,
              fmt::format("{} has no argument '{}': {}; to compare, write '=='", call.text,
                          call.names[i], expected));
    }
  }

  [[noreturn]] void fail_unknown(const Expression& call) const {
    SourcePlace place = call.place;
    place.length = static_cast<int>(call.text.size());
    const std::string_view last = std::string_view(call.text).substr(call.text.rfind('.') + 1);
    const std::string_view advice = advice_for_word(last);
    std::string way_out;
    const auto is_t = [](const Expression& e) {
      return std::ranges::any_of(e.parts, [](const Expression& part) { return part.text == "t"; });
    };
    if (is_set(cell_.statements, call.text) && is_t(call.parts.empty() ? call : call.parts[0])) {
      way_out = fmt::format(": an earlier step is written in square brackets, {}[t-1]", call.text);
    } else if (is_set(cell_.statements, call.text)) {
      way_out = fmt::format(": for a product write {0} @ (..) or {0} * (..)", call.text);
    } else if (!advice.empty()) {
      way_out = fmt::format(": {}", advice);
    } else if (find_function(std::string(last))) {
      way_out = fmt::format(": write {}(..)", last);
    } else {
      std::vector<std::string> known;
      for (const Function& function : functions()) known.push_back(function.name);
      for (const auto& [name, statement] : functions_) known.push_back(name);
      known.insert(known.end(), words_.begin(), words_.end());
      way_out = did_you_mean(last, known);
    }
    fail_at(place, fmt::format("no function '{}'{}", call.text, way_out));
  }

  static bool is_set(const std::vector<Statement>& statements, const std::string& name) {
    return name == "x" || name == "h" ||
           std::any_of(statements.begin(), statements.end(), [&](const Statement& statement) {
             return statement.name == name || contains(statement.arguments, name) ||
                    is_set(statement.body, name);
           });
  }

  const CellSyntax& cell_;
  std::map<std::string, const Statement*> functions_;
  std::vector<std::string> words_;  // hypers that are no numbers
  std::set<std::string> above_;
  std::string inside_;  // the definition that is being read
};

void check_output(const CellSyntax& cell) {
  std::string last = "h";
  for (const Statement& statement : cell.statements) {
    if (statement.kind == Kind::output) return;
    if (statement.kind == Kind::assign) last = statement.name;
  }
  fail_at(cell.name_place,
          fmt::format("the cell has no output: add a line such as output {}", last));
}

}  // namespace

void check_names(const CellSyntax& cell) { NameCheck().run(cell.statements); }

void check_whole(const CellSyntax& cell) {
  CallCheck(cell).run(cell.statements);
  check_output(cell);
}

}  // namespace carousel
