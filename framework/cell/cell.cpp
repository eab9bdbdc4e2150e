#include "cell/cell.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cell/text_cells.hpp"

namespace carousel {

std::string hyper_text(const HyperValue& value) {
  return std::visit([](const auto& known) { return fmt::format("{}", known); }, value);
}

bool is_hyper_word(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

CellRegistry::CellRegistry(const CellRegistry& other)
    : plugins_(other.plugins_), cells_(other.cells_) {
  if (!other.texts_) return;
  texts_ = std::make_shared<TextCells>(*other.texts_);
  for (Cell& cell : cells_) {
    if (!cell.text.empty()) cell.build = builder_of_text(cell.name);
  }
}

CellRegistry& CellRegistry::operator=(CellRegistry other) noexcept {
  plugins_.swap(other.plugins_);
  cells_.swap(other.cells_);
  texts_.swap(other.texts_);
  return *this;
}

std::function<StepProgram(const CellSizes&)> CellRegistry::builder_of_text(
    const std::string& name) const {
  return [texts = texts_, name](const CellSizes& sizes) { return texts->build(name, sizes); };
}

void CellRegistry::check_new_name(const std::string& name) const {
  if (look_up(name)) fail_input("there is a cell named '{}' already", name);
}

void CellRegistry::add(Cell cell) {
  check_new_name(cell.name);
  cells_.push_back(std::move(cell));
}

std::string CellRegistry::add_text(std::string_view text, const std::string& file, bool from_file) {
  CellSyntax syntax = parse_cell(text, file);
  std::string name = syntax.name;
  check_new_name(name);
  if (!texts_) texts_ = std::make_shared<TextCells>();
  texts_->add(std::move(syntax));
  cells_.push_back({name, "", "", "", builder_of_text(name)});
  cells_.back().text = text;
  cells_.back().from_file = from_file;
  for (Cell& cell : cells_) {  // those that waited for this one too
    if (cell.title.empty()) texts_->describe(cell);
  }
  return name;
}

const Cell* CellRegistry::look_up(const std::string& name) const {
  const auto found = std::ranges::find(cells_, name, &Cell::name);
  return found == cells_.end() ? nullptr : &*found;
}

const Cell& CellRegistry::find(const std::string& name) const {
  if (const Cell* cell = look_up(name)) return *cell;
  std::vector<std::string> known;
  for (const Cell& cell : cells_) known.push_back(cell.name);
  fail_input("there is no cell '{}'{} ('carousel cells' lists them)", name,
             did_you_mean(name, known));
}

}  // namespace carousel
