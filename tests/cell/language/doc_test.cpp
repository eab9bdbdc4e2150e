// What docs/language.md shows is true.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "cell/language/build.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/parser.hpp"

namespace carousel {
namespace {

// The blocks between lines ``` of a page, each with its last newline.
std::vector<std::string> blocks(const std::string& page = "docs/language.md") {
  std::ifstream file(CAROUSEL_SOURCE_DIR "/" + page);
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```") {
      inside = !inside;
      if (inside) found.emplace_back();
    } else if (inside) {
      found.back() += line + "\n";
    }
  }
  return found;
}

std::string message_of(const std::string& source, const std::string& file) {
  try {
    build_program(parse_cell(source, file), {.input = 3, .hidden = 4, .hyper = {}}, nullptr);
  } catch (const LanguageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(LanguagePage, CellsAreCells) {
  int cells = 0;
  for (const std::string& block : blocks()) {
    if (!block.starts_with("cell ") || block.find("U h[t-1]") != block.npos) continue;
    ++cells;
    EXPECT_NO_THROW(parse_cell(block, "page.cell")) << block;
  }
  EXPECT_EQ(cells, 2);
}

TEST(Readme, ItsCellIsACell) {
  int cells = 0;
  for (const std::string& block : blocks("README.md")) {
    if (!block.starts_with("cell ")) continue;
    if (block.find("\noutput ") == block.npos) continue;  // the result table
    ++cells;
    EXPECT_EQ(message_of(block, "README.md"), "no error");
  }
  EXPECT_EQ(cells, 1);
}

TEST(LanguagePage, PiecesOfCellsAreWhatTheySay) {
  for (const std::string start : {"hyper depth = 3", "use lstm as fast", "state M", "noise eps"}) {
    int pieces = 0;
    for (const std::string& block : blocks()) {
      if (!block.starts_with(start)) continue;
      ++pieces;
      EXPECT_NO_THROW(parse_cell("cell a\n" + block + "output h\n", "page.cell")) << block;
    }
    EXPECT_EQ(pieces, 1) << start;
  }
}

TEST(LanguagePage, MessagesAreExact) {
  const std::vector<std::string> all = blocks();
  std::size_t at = 0;
  while (at < all.size() && all[at].find("U h[t-1]") == std::string::npos) ++at;
  ASSERT_LT(at + 2, all.size());
  EXPECT_EQ(message_of(all[at], "gru.cell") + "\n", all[at + 1]);
  std::string mended = all[at];
  mended.replace(mended.find("U h[t-1]"), 8, "U @ concat(x, h[t-1])");
  EXPECT_EQ(message_of(mended, "gru.cell") + "\n", all[at + 2]);
}

}  // namespace
}  // namespace carousel
