// `carousel check` as a user runs it, for a long time.

#include <gmock/gmock.h>

#include "command_fixture.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

// A line about every five seconds, where there is no terminal; none in front of the first.
TEST_F(Command, ACheckThatTakesLongSaysHowFarItIs) {
  const Finished done = run({"check", "esn", "--seconds", "6"});
  EXPECT_THAT(done.err, testing::ContainsRegex("^learns: loss 0\\.[0-9]+ after [0-9]+ updates, "
                                               "[0-9] of 6 s\n$"));
  EXPECT_EQ(run({"check", "esn", "--seconds", "0.1", "--quiet"}).err, "");
}

TEST_F(Command, ACheckOfACellOfTheCatalogueNeedsNoSizes) {
  const Finished done = run({"check", "mut1_original"});
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_THAT(done.out, HasSubstr("at input 4, hidden 4\n"));
  std::istringstream lines(done.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LT(line.size(), 80U) << line;
  EXPECT_EQ(run({"check", "mut1_original", "--input", "3", "--hidden", "4"}).code, 2);
}

}  // namespace
}  // namespace carousel
