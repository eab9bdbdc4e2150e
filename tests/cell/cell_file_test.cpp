// Cells that a user names by the path of a file.

#include "cell/cell_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string base =
    "cell base \"A base\"\nhyper leak = 0.5\nparam W : [hidden, input]\n"
    "h = (1 - leak) * h[t-1] + leak * tanh(W @ x)\noutput h\n";
const std::string derived = "cell derived extends base\nhyper leak = 0.9\n";

class CellFile : public testing::Test {
 protected:
  CellFile() {
    write_text(folder_ / "base.cell", base);
    write_text(folder_ / "derived.cell", derived);
  }
  const Cell& load(const std::string& name) {
    return find_or_load(registry_, (folder_ / name).string());
  }

  TemporaryFolder folder_;
  CellRegistry registry_;
};

TEST_F(CellFile, ComesWithTheCellsBesideItThatItNeeds) {
  const Cell& cell = load("derived.cell");
  EXPECT_EQ(cell.name, "derived");
  EXPECT_TRUE(cell.from_file);
  EXPECT_NE(registry_.look_up("base"), nullptr);
  EXPECT_EQ(cell.build({2, 3}).parameter_count(), 6);
  EXPECT_EQ(&find_or_load(registry_, "base"), registry_.look_up("base"));
  load("derived.cell");  // the same again is no other cell
  EXPECT_EQ(registry_.cells().size(), 2u);
}

TEST_F(CellFile, HasANameOfItsOwn) {
  load("base.cell");
  write_text(folder_ / "other.cell", base + "# changed\n");
  EXPECT_THAT(
      error_of<InputError>([&] { load("other.cell"); }),
      AllOf(HasSubstr("other.cell: there is another cell named 'base' already; give this")));
  registry_ = CellRegistry();
  registry_.add_text(base, "base.cell");
  EXPECT_THAT(error_of<InputError>([&] { load("other.cell"); }),
              HasSubstr("another cell named 'base' already in the catalogue"));
}

TEST_F(CellFile, ThatIsMissingIsNamed) {
  EXPECT_THAT(error_of<InputError>([&] { load("none.cell"); }), HasSubstr("none.cell"));
  EXPECT_THAT(error_of<InputError>([&] { find_or_load(registry_, "none"); }), HasSubstr("none"));
}

// A run that is gone on with needs no other file, and gets the same text.
TEST_F(CellFile, IsKeptInTheRunFolder) {
  registry_.add_text("cell own\nparam W : [hidden, input]\nh = tanh(W @ x)\noutput h\n", "own");
  save_loaded_cells(registry_, folder_ / "cells");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cells")) << "no cell came from a file";
  load("derived.cell");
  save_loaded_cells(registry_, folder_ / "cells");
  EXPECT_EQ(read_text(folder_ / "cells/base.cell"), base);
  EXPECT_EQ(read_text(folder_ / "cells/derived.cell"), derived);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cells/own.cell"));
}

}  // namespace
}  // namespace carousel
