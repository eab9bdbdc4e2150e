#include "cell/cell.hpp"

namespace carousel {

void CellRegistry::add(Cell cell) {
  for (const Cell& known : cells_) {
    if (known.name == cell.name) fail_input("there is a cell named '{}' already", cell.name);
  }
  cells_.push_back(std::move(cell));
}

const Cell& CellRegistry::find(const std::string& name) const {
  std::vector<std::string> known;
  for (const Cell& cell : cells_) {
    if (cell.name == name) return cell;
    known.push_back(cell.name);
  }
  fail_input("there is no cell '{}'{} ('carousel cells' lists them)", name,
             did_you_mean(name, known));
}

}  // namespace carousel
