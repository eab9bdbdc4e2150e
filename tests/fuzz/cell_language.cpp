// Any bytes give a cell or a LanguageError, and nothing else. A line `---` parts a base from a
// variant of it.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cell/language/language_error.hpp"
#include "cell/language/parser.hpp"

namespace {

void run(std::string_view text) {
  constexpr std::string_view border = "\n---\n";
  const std::size_t at = text.find(border);
  const carousel::CellSyntax base = carousel::parse_cell(text.substr(0, at), "base.cell");
  if (at == std::string_view::npos) return;
  const std::string_view rest = text.substr(at + border.size());
  carousel::merge_variant(carousel::parse_cell(rest, "variant.cell"), base);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    run({reinterpret_cast<const char*>(data), size});
  } catch (const carousel::LanguageError&) {
  }
  return 0;
}
