// Plug-ins that the command loads: the good one, and each way to go wrong. The installed package
// and the worked example are tested in tests/project/package_test.cpp.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command_line.hpp"
#include "io/digest.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

CommandResult load(const std::string& plugin, const std::string& way = "",
                   const std::string& more = "") {
  return run_shell("CAROUSEL_MISBEHAVE=" + way + " " CAROUSEL_BINARY " cells --plugin '" + plugin +
                   "' " + more);
}

// Loading fails with code 2 and a message that names the file and holds each part.
template <class... Parts>
void expect_refused(const CommandResult& result, const std::string& file, Parts... parts) {
  EXPECT_EQ(result.code, 2) << result.text;
  EXPECT_THAT(result.text, AllOf(HasSubstr("plug-in " + file), HasSubstr(parts)...));
}

const std::string misbehaving = CAROUSEL_PLUGIN_misbehaving;

template <class... Parts>
void expect_misbehaves(const std::string& way, Parts... parts) {
  SCOPED_TRACE(way);
  expect_refused(load(misbehaving, way), misbehaving, parts...);
}

TEST(Plugin, AddsItsCellsBehindTheCatalogue) {
  const CommandResult result = load(misbehaving, "", "--check-plugins");
  EXPECT_EQ(result.code, 0) << result.text;
  EXPECT_THAT(result.text, AllOf(HasSubstr("lstm_peephole"), HasSubstr("A cell of a test")));
  EXPECT_THAT(run_shell(CAROUSEL_BINARY " cells").text, Not(HasSubstr("A cell of a test")));
}

TEST(Plugin, ItsOpsAreOpsLikeAllOthers) {
  const CommandResult result =
      run_shell(CAROUSEL_BINARY " show good --input 3 --hidden 2 --plugin " + misbehaving);
  EXPECT_EQ(result.code, 0) << result.text;
  EXPECT_THAT(result.text,
              AllOf(HasSubstr("h = square(tanh(W @ x + h[t-1]))"), HasSubstr("6 parameters"),
                    HasSubstr("ops by themselves: square")));
}

TEST(Plugin, ARunNamesThePluginsThatItNeeds) {
  TemporaryFolder folder;
  std::ofstream(folder / "study.yaml") << "dataset: chords\ncells: [{name: good, hidden: 2}]\n"
                                          "train: {epochs: 1}\n";
  const CommandResult result =
      run_shell(CAROUSEL_BINARY " compare --quiet --plugin " + misbehaving + " --out " +
                (folder / "run").string() + " " + (folder / "study.yaml").string());
  EXPECT_EQ(result.code, 0) << result.text;
  const std::string name = std::filesystem::path(misbehaving).filename();
  EXPECT_THAT(file_text(folder / "run/run.json"),
              HasSubstr("\"plug-in " + name + "\": \"SHA-256 " + sha256(file_text(misbehaving))));
}

TEST(Plugin, AFileThatIsNoPluginIsRefused) {
  TemporaryFolder folder;
  expect_refused(load(folder / "none.so"), folder / "none.so", "there is no such file");
  expect_refused(load(folder.path()), folder.path(), "not a shared library");
  std::ofstream(folder / "text.so") << "carousel plug-in, version 0.1.0";
  expect_refused(load(folder / "text.so"), folder / "text.so", "not a shared library");
  expect_refused(load(CAROUSEL_PLUGIN_no_tag), CAROUSEL_PLUGIN_no_tag, "no ABI tag",
                 "CAROUSEL_PLUGIN of cell/plugin.hpp");
  expect_refused(load(CAROUSEL_PLUGIN_no_function), CAROUSEL_PLUGIN_no_function,
                 "no function register_cells");
  expect_refused(load(CAROUSEL_PLUGIN_missing_symbol), CAROUSEL_PLUGIN_missing_symbol,
                 "can't be loaded", "cell_from_nowhere");
}

TEST(Plugin, ATruncatedFileIsRefused) {
  TemporaryFolder folder;
  const std::string whole = file_text(misbehaving);
  for (const std::size_t percent : {0U, 30U, 60U, 70U, 80U, 99U}) {
    std::ofstream(folder / "part.so", std::ios::binary)
        << whole.substr(0, whole.size() * percent / 100);
    expect_refused(load(folder / "part.so"), folder / "part.so",
                   percent == 0 ? "not a shared library" : "cut short");
  }
}

TEST(Plugin, AnotherAbiIsRefusedBeforeCodeRuns) {
  TemporaryFolder folder;
  const std::string start = "carousel plug-in, version ";
  std::string bytes = file_text(misbehaving);
  const auto at = bytes.find(start);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + start.size(), 3, "9.8");
  std::ofstream(folder / "other.so", std::ios::binary) << bytes;
  expect_refused(load(folder / "other.so", "throws"), folder / "other.so",
                 "built for something else", "got      carousel plug-in, version 9.8.",
                 "expected carousel plug-in, version 0.1.");
}

TEST(Plugin, WhatItThrowsIsReported) {
  expect_misbehaves("throws", "register_cells: the licence has run out");
  expect_misbehaves("throws_a_number", "register_cells: threw something");
}

TEST(Plugin, TakenNamesAndPartsThatAreMissingAreRefused) {
  expect_misbehaves("taken_op", "op 'tanh'", "already");
  expect_misbehaves("no_kernel", "op 'square'", "no kernel for float");
  expect_misbehaves("taken_cell", "a cell named 'lstm' already");
  expect_misbehaves("no_name", "cell ''", "no name");
  const CommandResult twice = load(misbehaving, "", "--plugin " + misbehaving);
  expect_refused(twice, misbehaving, "op 'square'", "already");
}

TEST(Plugin, ACellIsBuiltAndRunBeforeItIsAdded) {
  expect_misbehaves("build_throws", "cell 'thrower' at input 6, hidden 12", "[B, 12]");
  expect_misbehaves("not_finite", "cell 'unbounded'", "log");
  expect_misbehaves("own_tanh", "cell 'stranger'", "'tanh' that is not the one of the table");
}

TEST(Plugin, WrongDerivativesAreFoundOnDemand) {
  const auto check = [](const std::string& way) {
    EXPECT_EQ(load(misbehaving, way).code, 0) << way;
    return load(misbehaving, way, "--check-plugins");
  };
  // The rule gives half of the slope.
  expect_refused(check("first_derivative"), misbehaving,
                 "op 'square': the first derivative is wrong by a share of 0.5 on example 0",
                 "input 0, element ");
  expect_refused(check("second_derivative"), misbehaving,
                 "op 'square': the second derivative is wrong by a share of ");
  expect_refused(check("no_example"), misbehaving, "op 'square'", "no example");
}

}  // namespace
}  // namespace carousel
