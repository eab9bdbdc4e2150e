#include "cell/changed_cell.hpp"

#include <algorithm>

#include "cell/ablation/ablation.hpp"

namespace carousel {

Cell changed_cell(const Cell& cell, const HyperValues& hyper, const std::string& variant) {
  Cell changed = cell;
  changed.build = [build = cell.build, hyper, variant](CellSizes sizes) {
    for (const auto& [name, value] : hyper) sizes.hyper.try_emplace(name, value);
    const StepProgram intact = build(sizes);
    StepProgram program = intact;
    for (std::size_t begin = 0; begin < variant.size();) {
      const std::size_t end = std::min(variant.find('+', begin), variant.size());
      const std::string change = variant.substr(begin, end - begin);
      program = apply_ablation(program, find_ablation(intact, change));
      begin = end + 1;
    }
    return program;
  };
  return changed;
}

}  // namespace carousel
