// Any bytes give a cell or a LanguageError, and nothing else. A line `---` parts a base from a
// variant of it.

#include <cstddef>
#include <string_view>

#include "cell/language/build.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/parser.hpp"
#include "target.hpp"

namespace carousel {
namespace {

// The file that `use lstm` brings in.
const CellSyntax& inner_cell(const std::string& name) {
  static const CellSyntax cell = parse_cell(
      "cell lstm\nhyper scale = 1\nparam W, V : [hidden, input]\nparam U : [hidden, hidden]\n"
      "f = sigmoid(V @ x)\nc = f * c[t-1] + tanh(W @ x + U @ h[t-1]) * scale\nh = tanh(c)\n"
      "output h\n",
      "lstm.cell");
  if (name != cell.name) fail_input("no cell '{}'", name);
  return cell;
}

CellSyntax read(std::string_view text) {
  constexpr std::string_view border = "\n---\n";
  const std::size_t at = text.find(border);
  CellSyntax base = parse_cell(text.substr(0, at), "base.cell");
  if (at == std::string_view::npos) return base;
  const std::string_view rest = text.substr(at + border.size());
  return merge_variant(parse_cell(rest, "variant.cell"), base);
}

}  // namespace

void run(std::string_view text) {
  const CellSyntax cell = read(text);
  if (!cell.base.empty()) return;
  std::vector<std::string> warnings;
  build_program(cell, {.input = 3, .hidden = 4}, inner_cell, &warnings);
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const auto seeds = carousel::seed_folder();
  if (!seeds.empty()) carousel::copy_seeds("cells", ".cell", seeds);
  return 0;
}
