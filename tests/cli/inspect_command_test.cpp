#include <gmock/gmock.h>

#include "command_fixture.hpp"
#include "csv.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(Command, InspectsTheModelsOfARun) {
  ASSERT_EQ(compare("run", {"train.keep_every=1"}).code, 0);
  const Finished done = run({"inspect", "run", "--examples", "3", "--steps", "5"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("Gradient of the last step's loss"), HasSubstr("rnn_tanh"),
                              HasSubstr("written: run/inspect")));
  std::istringstream lines(done.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  const auto rows = read_csv(file_text(folder_ / "run/inspect/gradients.csv"));
  std::set<std::string> cells, epochs;
  for (const Row& row : rows) {
    cells.insert(row.at("cell"));
    epochs.insert(row.at("epoch"));
  }
  EXPECT_GT(cells.size(), 1U);
  EXPECT_GT(epochs.size(), 2U);
  // The page shows it, and goes on doing so.
  const std::string title = "Gradient of the last step";
  EXPECT_THAT(file_text(folder_ / "run/report.html"), HasSubstr(title));
  EXPECT_EQ(run({"report", "run"}).code, 0);
  EXPECT_THAT(file_text(folder_ / "run/report.html"), HasSubstr(title));
}

TEST_F(Command, InspectSaysWhatTheModelHasNot) {
  ASSERT_EQ(compare("run").code, 0);
  const auto expect_refused = [&](const std::vector<std::string>& more, const std::string& why) {
    std::vector<std::string> arguments = {"inspect", "run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished done = run(arguments);
    EXPECT_EQ(done.code, 2) << why;
    EXPECT_THAT(done.err, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run/inspect"));
  };
  expect_refused({"--probe", "zz"}, "zz");
  expect_refused({"--probe", "grad:zz"}, "grad:zz");
  expect_refused({"--trial", "nobody"}, "nobody");
  expect_refused({"--cell", "nothing"}, "nothing");
  EXPECT_EQ(run({"inspect", "elsewhere"}).code, 2);
}

}  // namespace
}  // namespace carousel
