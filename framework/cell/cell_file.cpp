#include "cell/cell_file.hpp"

#include <vector>

#include "cell/language/parser.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

const Cell& load(CellRegistry& registry, const std::filesystem::path& file) {
  const std::string text = read_text(file);
  const CellSyntax syntax = parse_cell(text, file.string());
  const Cell* known = registry.look_up(syntax.name);
  if (known && known->text == text) return *known;
  if (known) {
    fail_input("{}: there is another cell named '{}' already{}; give this one a name of its own",
               file.string(), syntax.name, known->from_file ? "" : " in the catalogue");
  }
  registry.add_text(text, file.string(), true);
  for (const std::string& name : needed_cells(syntax)) {
    const auto beside = file.parent_path() / (name + ".cell");
    if (!registry.look_up(name) && is_there(beside)) load(registry, beside);
  }
  return registry.find(syntax.name);
}

}  // namespace

const Cell& find_or_load(CellRegistry& registry, const std::string& name_or_path) {
  if (name_or_path.ends_with(".cell")) return load(registry, name_or_path);
  return registry.find(name_or_path);
}

void save_loaded_cells(const CellRegistry& registry, const std::filesystem::path& folder) {
  for (const Cell& cell : registry.cells()) {
    if (!cell.from_file) continue;
    make_folder(folder);
    write_text(folder / (cell.name + ".cell"), cell.text);
  }
}

}  // namespace carousel
