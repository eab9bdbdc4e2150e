#include "cell/changed_cell.hpp"

#include "cell/ablation/ablation.hpp"

namespace carousel {

Cell changed_cell(const Cell& cell, const std::map<std::string, double>& hyper,
                  const std::string& variant) {
  Cell changed = cell;
  changed.build = [build = cell.build, hyper, variant](CellSizes sizes) {
    for (const auto& [name, value] : hyper) sizes.hyper.try_emplace(name, value);
    StepProgram program = build(sizes);
    if (variant.empty()) return program;
    return apply_ablation(program, find_ablation(program, variant));
  };
  return changed;
}

}  // namespace carousel
