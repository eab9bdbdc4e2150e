#include "cell/language/line_order.hpp"

#include <map>
#include <numeric>
#include <set>
#include <string>

namespace carousel {
namespace {

using Kind = Statement::Kind;
using Names = std::set<std::string>;

class Order {
 public:
  explicit Order(const std::vector<Statement>& lines) : lines_(lines), done_(lines.size(), false) {
    for (const Statement& line : lines) {
      if (line.kind == Kind::function) definitions_[line.name] = &line;
      if (line.kind == Kind::use) cells_.insert(line.name);
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      reads_.emplace_back();
      if (!computes(lines[i])) continue;
      read(lines[i], reads_[i]);
      note_settings(lines[i], i);
      for (const std::string& name : reads_[i]) {
        if (cells_.contains(name) && calls(lines[i], name)) settings_[name].insert(i);
      }
    }
  }

  std::vector<std::size_t> run() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!can_run(i)) {
        waiting_.push_back(i);
        continue;
      }
      put(i);
      put_waiting();
    }
    if (waiting_.empty()) return order_;
    std::vector<std::size_t> as_they_stand(lines_.size());
    std::iota(as_they_stand.begin(), as_they_stand.end(), std::size_t{0});
    return as_they_stand;
  }

 private:
  static bool computes(const Statement& line) {
    return line.kind == Kind::assign || line.kind == Kind::repeat || line.kind == Kind::loss;
  }

  void note_settings(const Statement& line, std::size_t i) {
    if (line.kind == Kind::assign || line.kind == Kind::collect) settings_[line.name].insert(i);
    for (const Statement& inner : line.body) note_settings(inner, i);
  }

  void read(const Statement& line, Names& names) {
    read(line.value, names);
    for (const Expression& part : line.range) read(part, names);
    for (const Statement& inner : line.body) read(inner, names);
  }

  // Earlier steps stand for themselves.
  void read(const Expression& e, Names& names) {
    if (e.kind == Expression::Kind::name) names.insert(owner_of(e.text));
    if (e.kind == Expression::Kind::call) {
      if (cells_.contains(e.text)) names.insert(e.text);
      const auto definition = definitions_.find(e.text);
      if (definition != definitions_.end() && open_.insert(e.text).second) {
        Names inside;
        read(definition->second->value, inside);
        for (const std::string& argument : definition->second->arguments) inside.erase(argument);
        names.insert(inside.begin(), inside.end());
        open_.erase(e.text);
      }
    }
    for (const Expression& part : e.parts) read(part, names);
  }

  static bool calls(const Expression& e, const std::string& name) {
    if (e.kind == Expression::Kind::call && e.text == name) return true;
    for (const Expression& part : e.parts) {
      if (calls(part, name)) return true;
    }
    return false;
  }

  static bool calls(const Statement& line, const std::string& name) {
    for (const Statement& inner : line.body) {
      if (calls(inner, name)) return true;
    }
    return calls(line.value, name);
  }

  // What is set above is meant where there is any; else what is set below.
  bool can_run(std::size_t i) const {
    for (const std::string& name : reads_[i]) {
      const auto found = settings_.find(name);
      if (found == settings_.end() || found->second.contains(i)) continue;
      const bool above = *found->second.begin() < i;
      for (const std::size_t setting : found->second) {
        if ((above ? setting < i : setting > i) && !done_[setting]) return false;
      }
    }
    return true;
  }

  void put(std::size_t i) {
    order_.push_back(i);
    done_[i] = true;
  }

  void put_waiting() {
    for (std::size_t k = 0; k < waiting_.size();) {
      if (!can_run(waiting_[k])) {
        ++k;
        continue;
      }
      put(waiting_[k]);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(k));
      k = 0;
    }
  }

  const std::vector<Statement>& lines_;
  std::map<std::string, const Statement*> definitions_;
  Names cells_, open_;
  std::vector<Names> reads_;                               // of each line
  std::map<std::string, std::set<std::size_t>> settings_;  // lines that set, or call, a name
  std::vector<char> done_;
  std::vector<std::size_t> order_, waiting_;
};

}  // namespace

std::vector<Statement> in_order(std::vector<Statement> statements) {
  std::vector<Statement> ordered;
  for (const std::size_t i : Order(statements).run()) ordered.push_back(statements[i]);
  return ordered;
}

}  // namespace carousel
