// Programs as .cell files with symbolic sizes.

#include "cell/mutation/symbolic_cell.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "cell/mutation/structure_text.hpp"
#include "cell/nearest_sizes.hpp"
#include "program/rewrite.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(SymbolicSize, IsASimpleTermOfBothSizes) {
  const Index input = telling_sizes().input, hidden = telling_sizes().hidden;
  EXPECT_EQ(symbolic_size(0), "0");
  EXPECT_EQ(symbolic_size(7), "7");
  EXPECT_EQ(symbolic_size(hidden), "hidden");
  EXPECT_EQ(symbolic_size(input), "input");
  EXPECT_EQ(symbolic_size(3 * hidden), "3 * hidden");
  EXPECT_EQ(symbolic_size(input + hidden), "input + hidden");
  EXPECT_EQ(symbolic_size(hidden / 2), "hidden / 2");
  EXPECT_EQ(symbolic_size(3 * hidden / 4), "3 * hidden / 4");
  EXPECT_EQ(symbolic_size(hidden * hidden), "hidden * hidden");
  EXPECT_EQ(symbolic_size(hidden - 1), "hidden - 1");
  EXPECT_EQ(symbolic_size(2 * hidden + 3), "2 * hidden + 3");
  EXPECT_THAT(error_of([&] { symbolic_size(500); }), HasSubstr("a length of 500"));
}

// A cell's text makes the cell at sizes at which it was not printed.
TEST(SymbolicCell, MakesTheCellsOfTheCatalogueAtAnySizes) {
  int written = 0;
  for (const Cell& cell : catalogue().cells()) {
    StepProgram program;
    if (!error_of([&] { program = symbolic_program(cell); }).empty()) continue;
    ++written;
    const std::string text = symbolic_text(program, {"again", ""});
    const CellSizes sizes = nearest_sizes(cell, {3, 16, {}});
    const StepProgram made = program_of_text(text, sizes), intact = cell.build(sizes);
    EXPECT_EQ(made.parameter_count(), intact.parameter_count()) << cell.name;
    EXPECT_EQ(made.states.size(), simplified(intact).states.size()) << cell.name;
    EXPECT_EQ(made.output_shape(), intact.output_shape()) << cell.name;
  }
  EXPECT_GE(written, 110);
}

TEST(SymbolicCell, HasNumbersThatAreLengths) {
  CellRegistry registry;
  registry.add_text(
      "cell rolled\nparam W : [2 * hidden, input]\nv = W @ x\n"
      "h = tanh(v[hidden:2 * hidden] + roll(h[t-1], hidden / 2) * arange(hidden) / (hidden / 2))\n"
      "output h\n",
      "rolled.cell");
  const std::string text = symbolic_text(symbolic_program(registry.find("rolled")), {"again", ""});
  for (const char* part : {"param W : [2 * hidden, input]", "[hidden:2 * hidden]",
                           "roll(h[t-1], hidden / 2)", "arange(hidden) / (hidden / 2)"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(SymbolicCell, IsAFileThatSaysWhatItIs) {
  const StepProgram program = symbolic_program(catalogue().find("mgu"));
  const std::string text = symbolic_text(program, {"mine", "the \"minimal\" one"});
  EXPECT_EQ(text.substr(0, text.find('\n')), "cell mine \"the 'minimal' one\"");
  EXPECT_THAT(text, HasSubstr(": [hidden, input] init glorot\n"));
  EXPECT_THAT(text, HasSubstr("\noutput h\n"));
  EXPECT_EQ(text.find("840"), std::string::npos);
}

TEST(SymbolicCell, RefusesNumbersThatDependOnSizes) {
  CellRegistry registry;
  registry.add_text(
      "cell scaled\nparam W : [hidden, input]\nh = tanh(W @ x + h[t-1] / sqrt(hidden))\n"
      "output h\n",
      "scaled.cell");
  EXPECT_THAT(error_of([&] { symbolic_program(registry.find("scaled")); }),
              AllOf(HasSubstr("cell scaled: can't be written with symbolic sizes"),
                    HasSubstr("numbers that depend on its sizes")));
  EXPECT_THAT(error_of([&] { symbolic_program(catalogue().find("mut1_original")); }),
              HasSubstr("[1201]"));
}

StepProgram of(const std::string& lines) {
  return program_of_text(
      "cell c\nparam A, B : [hidden, input]\nparam U : [hidden, hidden]\n" + lines, {3, 4, {}});
}

TEST(StructureText, IsTheSameWhateverThingsAreCalledAndWhereverTheyStand) {
  const std::string text =
      structure_text(of("z = sigmoid(A @ x)\nc = tanh(B @ x + U @ h[t-1])\nh = z * c\noutput h\n"));
  EXPECT_EQ(structure_text(of("other = tanh(A @ x + U @ s[t-1])\ngate = sigmoid(B @ x)\n"
                              "s = gate * other\noutput s\n")),
            text);
  for (const char* lines :
       {"z = tanh(A @ x)\nc = tanh(B @ x + U @ h[t-1])\nh = z * c\noutput h\n",
        "z = sigmoid(A @ x)\nc = tanh(A @ x + U @ h[t-1])\nh = z * c\noutput h\n",
        "z = sigmoid(A @ x)\nc = tanh(B @ x + U @ z)\nh = z * c\noutput h\n",
        "z = sigmoid(A @ x)\nc = tanh(B @ x + U @ h[t-1])\nh = z * c\n"
        "initial h = 1\noutput h\n"}) {
    EXPECT_NE(structure_text(of(lines)), text) << lines;
  }
}

}  // namespace
}  // namespace carousel
