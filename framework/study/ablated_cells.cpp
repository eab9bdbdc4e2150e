#include "study/ablated_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cell/ablation/ablation.hpp"
#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "cell/nearest_sizes.hpp"

namespace carousel {
namespace {

// What a paper calls it, or what it does.
std::string name_of(const Ablation& change) {
  return change.alias.empty() ? change.name : change.alias;
}

std::vector<std::string> parted(const std::string& names) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::size_t first = names.find_first_not_of(' ', begin);
    const std::size_t last = names.find_last_not_of(' ', end - 1);
    if (first < end) all.push_back(names.substr(first, last - first + 1));
    begin = end + 1;
  }
  return all;
}

// Every change, or every change and every two of them, of which no two give the same program.
std::vector<std::string> every_change(const Cell& cell, const CellSizes& sizes, int at_once) {
  const StepProgram intact = cell.build(sizes);
  const std::vector<Ablation> changes = single_changes(intact);
  const auto equations = [](const StepProgram& program) {
    const std::string text = to_text(program);
    return text.substr(text.find('\n'));
  };
  std::set<std::string> seen{equations(intact)};
  std::vector<std::string> names;
  for (const Ablation& change : changes) {
    if (seen.insert(equations(apply_ablation(intact, change))).second) {
      names.push_back(name_of(change));
    }
  }
  const std::vector<std::string> single = names;
  for (std::size_t i = 0; at_once > 1 && i < single.size(); ++i) {
    for (std::size_t j = i + 1; j < single.size(); ++j) {
      const std::string both = single[i] + "+" + single[j];
      try {
        const StepProgram program = changed_cell(cell, {}, both).build(sizes);
        if (seen.insert(equations(program)).second) names.push_back(both);
      } catch (const InputError&) {
        // After the first change there is nothing left of what the second one is of.
      }
    }
  }
  return names;
}

std::vector<StudyCell> ablated(const StudyCell& entry, const Cell& found) {
  constexpr Index any_size = 8;
  const Cell cell = changed_cell(found, entry.hyper, entry.variant);
  const Index hidden = entry.hidden > 0 ? entry.hidden : any_size;
  const CellSizes sizes = nearest_sizes(cell, {any_size, hidden, {}});
  std::vector<std::string> changes;
  if (entry.ablate == "all") changes = every_change(cell, sizes, 1);
  else if (entry.ablate == "pairs") changes = every_change(cell, sizes, 2);
  else changes = parted(entry.ablate);
  if (changes.empty()) fail_input("cells: {} has no change to make", entry.name);
  StudyCell intact = entry;
  intact.ablate.clear();
  intact.refit = false;
  std::vector<StudyCell> cells = {intact};
  for (const std::string& change : changes) {
    // Says what is wrong before any work begins.
    static_cast<void>(changed_cell(cell, {}, change).build(sizes));
    StudyCell changed = intact;
    changed.refit = entry.refit;
    changed.variant += (changed.variant.empty() ? "" : "+") + change;
    cells.push_back(std::move(changed));
  }
  return cells;
}

}  // namespace

StudyOptions with_ablated_cells(const StudyOptions& options, CellRegistry& registry) {
  StudyOptions expanded = options;
  expanded.cells.clear();
  for (const StudyCell& entry : options.cells) {
    if (entry.ablate.empty()) {
      expanded.cells.push_back(entry);
      continue;
    }
    for (StudyCell& cell : ablated(entry, find_or_load(registry, entry.name))) {
      expanded.cells.push_back(std::move(cell));
    }
  }
  return expanded;
}

}  // namespace carousel
