#include <gmock/gmock.h>

#include <chrono>

#include "cell/language/build_fixtures.hpp"
#include "cell/language/message.hpp"

namespace carousel {
namespace {

class Limits : public ::testing::Test {
 protected:
  static std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  }
  static std::string cell_of(const std::string& expression) {
    return "cell a\nh = " + expression + "\noutput h\n";
  }
};

// 199 and 200 levels pass, 201 do not, whatever they are made of.
TEST_F(Limits, NestingHasADepth) {
  using ::testing::HasSubstr;
  const char* const deep = "more than 200 deep";
  EXPECT_EQ(message_of(cell_of(repeated("(", 199) + "x" + repeated(")", 199))), "no error");
  EXPECT_THAT(message_of(cell_of(repeated("(", 200) + "x" + repeated(")", 200))), HasSubstr(deep));
  EXPECT_EQ(message_of(cell_of(repeated("-", 199) + "x")), "no error");
  EXPECT_THAT(message_of(cell_of(repeated("-", 200) + "x")), HasSubstr(deep));
  EXPECT_EQ(message_of(cell_of(repeated("x + ", 199) + "x")), "no error");
  EXPECT_THAT(message_of(cell_of(repeated("x + ", 200) + "x")), HasSubstr(deep));
  EXPECT_THAT(message_of(cell_of(repeated("(x ^ ", 100000))), HasSubstr(deep));
  EXPECT_THAT(message_of(cell_of("x" + repeated("[0]", 100000))), HasSubstr(deep));
  EXPECT_THAT(message_of("cell a\n" + repeated("repeat k in 1..2 {\n", 50000)),
              HasSubstr("repeats nest"));
}

TEST_F(Limits, FilesHaveASize) {
  EXPECT_EQ(message_of("cell a\nh = x\noutput h\n" + std::string((1 << 20) - 22, '#')), "no error");
  EXPECT_EQ(message_of("cell a\nh = x\noutput h\n" + std::string((1 << 20) - 21, '#')),
            "a.cell:1:1: the file has 1048577 bytes; a cell has at most 1048576\n  \n  ^");
}

TEST_F(Limits, StatementsHaveANumber) {
  std::string source = "cell a\n";
  for (int i = 0; i < 9999; ++i) source += "v" + std::to_string(i) + " = x\n";
  EXPECT_EQ(message_of(source + "output v1\n"), "no error");
  EXPECT_THAT(message_of(source + "w = x\noutput v1\n"),
              ::testing::HasSubstr("a.cell:10002:1: a cell has at most 10000 statements"));
}

// What building says, which must come at once.
class BuildLimits : public ::testing::Test {
 protected:
  static std::string said_of(const std::string& lines, const CellSizes& sizes = {3, 4}) {
    return at_once([&] { program_of("cell t\n" + lines + "output h\n", sizes); });
  }
  static std::string at_once(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    std::string message = "no error";
    try {
      work();
    } catch (const LanguageError& error) {
      message = error.what();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 1.0) << message;
    return message;
  }
};

using ::testing::AllOf;
using ::testing::HasSubstr;

// Each uses the next one twice, so the last stands there 2^24 times.
TEST_F(BuildLimits, CellsHaveANumber) {
  std::map<std::string, CellSyntax> cells;
  constexpr int length = 24;
  for (int i = 0; i < length; ++i) {
    const std::string name = "c" + std::to_string(i), next = "c" + std::to_string(i + 1);
    cells[name] = parse_cell("cell " + name + "\nuse " + next + " as a\nuse " + next +
                                 " as b\nh = a(x) + b(x)\noutput h\n",
                             name + ".cell");
  }
  cells["c24"] = parse_cell("cell c24\nh = x\noutput h\n", "c24.cell");
  const FindSyntax find = [&](const std::string& name) -> const CellSyntax& {
    return cells.at(name);
  };
  EXPECT_THAT(at_once([&] {
                build_program(cells.at("c0"), {3, 4}, find);
              }),
              AllOf(HasSubstr("c23.cell:2:1: more than 1000 cells are used"),
                    HasSubstr("  use c24 as a\n")));
  EXPECT_EQ(at_once([&] { build_program(cells.at("c16"), {3, 4}, find); }), "no error");
}

TEST_F(BuildLimits, DelaysHaveALength) {
  EXPECT_EQ(said_of("h = h[t-256]\n"), "no error");
  EXPECT_THAT(said_of("h = h[t-257]\n"),
              HasSubstr("t.cell:2:9: got 257 steps back, expected 1 to 256"));
}

TEST_F(BuildLimits, RoundsAndValuesHaveANumber) {
  EXPECT_THAT(said_of("s = x\nrepeat k in 1..1000000000 {\ns = tanh(s)\n}\nh = s\n"),
              HasSubstr("t.cell:4:5: the cell has more than 10000 values: repeat or use less"));
  EXPECT_THAT(said_of("s = 1\nrepeat k in 1..1000000000 {\ns = s + 1\n}\nh = x * s\n"),
              HasSubstr("t.cell:3:1: the cell has more than 10000 rounds of repeat"));
}

// In 16 doublings, x of 64 becomes 2^22 elements.
TEST_F(BuildLimits, AValueOfAStepHasASize) {
  const auto doubled = [](int times) {
    std::string lines = "v0 = x\n";
    for (int i = 0; i < times; ++i) {
      const std::string v = "v" + std::to_string(i);
      lines += "v" + std::to_string(i + 1) + " = concat(" + v + ", " + v + ")\n";
    }
    return lines + "M = outer(v" + std::to_string(times) + ", ones([64]))\nh = M[0:4, 0]\n";
  };
  EXPECT_EQ(said_of(doubled(10), {64, 4}), "no error");
  EXPECT_THAT(said_of(doubled(11), {64, 4}),
              AllOf(HasSubstr("t.cell:14:5: outer(v11, ones([64])) is [131072, 64], expected"),
                    HasSubstr("4194304 in all for a value of a step")));
}

TEST_F(BuildLimits, ConstantsAndParametersHaveASize) {
  EXPECT_THAT(said_of("h = x * sum(sum(ones([1048576, 2000])))\n"),
              HasSubstr("t.cell:2:22: [1048576, 2000] is 2097152000 elements, expected at most "
                        "268435456"));
  EXPECT_THAT(said_of("param W : [hidden, hidden]\nh = W @ h[t-1]\n", {3, 16385}),
              HasSubstr("t.cell:2:1: [16385, 16385] is 268468225 elements"));
  EXPECT_EQ(said_of("param W : [hidden, hidden]\nh = W @ h[t-1]\n", {3, 16384}), "no error");
}

// 4 of 2^28 elements are 2^30, and x is more.
TEST_F(BuildLimits, AllValuesTogetherHaveASize) {
  const std::string lines =
      "param W[1..4] : [16384, 16384]\ns = 0\nrepeat k in 1..4 {\n"
      "s = s + sum(sum(W[k]))\n}\nh = x * s\n";
  EXPECT_THAT(said_of(lines), AllOf(HasSubstr("t.cell:5:"),
                                    HasSubstr("elements, expected at most 1073741824 in all")));
}

TEST_F(BuildLimits, SizesAndHypersHaveARange) {
  EXPECT_EQ(said_of("h = h[t-1]\n", {3, 65536}), "no error");
  EXPECT_THAT(said_of("h = h[t-1]\n", {3, 65537}),
              HasSubstr("t.cell:1:6: hidden is 65537, expected 1 to 65536"));
  EXPECT_THAT(said_of("h = h[t-1]\n", {0, 4}), HasSubstr("input is 0, expected 1 to 65536"));
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_THAT(
      [&] {
        said_of("hyper a = 1\nh = a * h[t-1]\n", {3, 4, {{"a", infinite}}});
      },
      testing::ThrowsMessage<InputError>(
          HasSubstr("cell t: a is inf, expected a number from -1e+30 to 1e+30")));
}

}  // namespace
}  // namespace carousel
