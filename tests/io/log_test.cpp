#include "io/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

const char* const time_pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}";

TEST(RunLog, HasALineForEachTextAtOnce) {
  const TemporaryFolder folder;
  RunLog log(folder.path());
  log.info("it {} began");
  log.warn("it went on");
  EXPECT_THAT(file_text(folder / "run.log"),
              testing::MatchesRegex(std::string(time_pattern) + " info it \\{\\} began\n" +
                                    time_pattern + " warning it went on\n"));
}

TEST(RunLog, OfAResumedRunIsAppended) {
  const TemporaryFolder folder;
  RunLog(folder.path()).info("first");
  RunLog(folder.path()).info("second");
  EXPECT_THAT(file_text(folder / "run.log"), testing::ContainsRegex("first\n.*second\n$"));
}

TEST(RunLog, ThatCannotBeWrittenIsAnEnvironmentError) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "run.log");
  EXPECT_THAT(error_of<EnvironmentError>([&] { RunLog log(folder.path()); }),
              testing::HasSubstr("can't write run.log"));
}

}  // namespace
}  // namespace carousel
