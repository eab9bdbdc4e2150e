#include <gmock/gmock.h>

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

}  // namespace
}  // namespace carousel
