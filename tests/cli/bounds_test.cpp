#include "cli/bounds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carousel {
namespace {

// What is said of `--count VALUE` where 1 to 4096 are taken; "" when it is taken.
std::string said_of(const std::string& value) {
  CLI::App app;
  int count = 0;
  app.add_option("--count", count)->check(within(1, 4096));
  try {
    app.parse("--count " + value);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  EXPECT_EQ(std::to_string(count), value);
  return "";
}

TEST(Bounds, SayWhatWasGotAndTheRange) {
  EXPECT_EQ(said_of("1"), "");
  EXPECT_EQ(said_of("4096"), "");
  EXPECT_EQ(said_of("0"), "--count: got 0, expected 1 to 4096");
  EXPECT_EQ(said_of("4097"), "--count: got 4097, expected 1 to 4096");
  EXPECT_EQ(said_of("many"), "--count: got many, expected 1 to 4096");
  EXPECT_EQ(said_of("99999999999999999999"),
            "--count: got 99999999999999999999, expected 1 to 4096");
}

TEST(Bounds, RefuseNaNInfinitiesAndSigns) {
  CLI::Validator seconds = within(0.001, 86400.0);
  for (std::string text : {"nan", "inf", "-1", "0"}) {
    EXPECT_EQ(seconds(text), "got " + text + ", expected 0.001 to 86400");
  }
  std::string two = "2", minus = "-1";
  EXPECT_EQ(seconds(two), "");
  CLI::Validator seed = within<std::uint64_t>(0, 9007199254740991);
  EXPECT_EQ(seed(minus), "got -1, expected 0 to 9007199254740991");
}

}  // namespace
}  // namespace carousel
