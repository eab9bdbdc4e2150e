#include "cell/text_cells.hpp"

#include <set>

#include "cell/language/build.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/warnings.hpp"

namespace carousel {

void TextCells::add(CellSyntax syntax) {
  const std::string name = syntax.name;
  entries_[name].own = std::move(syntax);
  join();
}

// Variants of variants become whole in turn.
void TextCells::join() {
  for (bool again = true; again;) {
    again = false;
    for (auto& [name, entry] : entries_) {
      if (entry.whole || entry.problem) continue;
      join(entry);
      again = again || entry.whole;
    }
  }
}

void TextCells::join(Entry& entry) {
  try {
    if (entry.own.base.empty()) {
      hypers_of(entry.own);
      entry.whole = entry.own;
      return;
    }
    const auto base = entries_.find(entry.own.base);
    if (base == entries_.end() || !base->second.whole) return;
    CellSyntax whole = merge_variant(entry.own, *base->second.whole);
    hypers_of(whole);
    entry.whole = std::move(whole);
  } catch (const InputError&) {
    entry.problem = std::current_exception();
  }
}

const CellSyntax& TextCells::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    std::vector<std::string> known;
    for (const auto& [other, entry] : entries_) known.push_back(other);
    fail_input("there is no cell file of '{}'{}", name, did_you_mean(name, known));
  }
  if (!found->second.whole) fail_base(found->second);
  return *found->second.whole;
}

// Follows the bases to the one that is missing or wrong.
void TextCells::fail_base(const Entry& entry) const {
  std::set<std::string> passed;
  const Entry* at = &entry;
  while (!at->problem) {
    if (!passed.insert(at->own.name).second) {
      fail_at(at->own.base_place, fmt::format("{} extends itself", at->own.name));
    }
    const auto base = entries_.find(at->own.base);
    if (base == entries_.end()) {
      std::vector<std::string> known;
      for (const auto& [other, any] : entries_) known.push_back(other);
      fail_at(at->own.base_place, fmt::format("there is no cell file of '{}'{}", at->own.base,
                                              did_you_mean(at->own.base, known)));
    }
    at = &base->second;
  }
  std::rethrow_exception(at->problem);
}

StepProgram TextCells::build(const std::string& name, const CellSizes& sizes) const {
  const FindSyntax by_name = [this](const std::string& other) -> const CellSyntax& {
    return find(other);
  };
  return build_program(find(name), sizes, by_name);
}

void TextCells::describe(Cell& cell) const {
  const auto found = entries_.find(cell.name);
  if (found == entries_.end() || !found->second.whole) return;
  const CellSyntax& syntax = *found->second.whole;
  cell.title = syntax.title;
  cell.reference = syntax.reference;
  cell.conventions = syntax.conventions;
  cell.group = syntax.group;
  cell.hypers = hypers_of(syntax);
  cell.warnings = warnings_of(syntax);
}

}  // namespace carousel
