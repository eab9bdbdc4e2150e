// The commands about cells as a user runs them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "command_line.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CellCommand : public testing::Test {
 protected:
  CommandResult carousel(const std::string& arguments) {
    return run_shell("cd " + folder_.path().string() + " && " CAROUSEL_BINARY " " + arguments);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  TemporaryFolder folder_;
  const std::string leaky_ =
      "cell leaky \"A leaky unit\"\nhyper leak = 0.5\nparam W : [hidden, input]\n"
      "param U : [hidden, hidden] init orthogonal\n"
      "h = (1 - leak) * h[t-1] + leak * tanh(W @ x + U @ h[t-1])\noutput h\n";
};

TEST_F(CellCommand, ANewCellPassesItsCheck) {
  EXPECT_EQ(carousel("new mine").code, 0);
  const auto checked = carousel("check mine.cell --seconds 1");
  EXPECT_EQ(checked.code, 0) << checked.text;
  for (const char* step : {"builds", "gradients", "scan", "learns"}) {
    EXPECT_THAT(checked.text, HasSubstr(step));
  }
  const auto again = carousel("new mine");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.text, HasSubstr("exists already"));
  EXPECT_EQ(carousel("new 2mine").code, 2);
}

TEST_F(CellCommand, ACheckThatFailsIsCode1) {
  write("forgetful.cell", "cell forgetful\nparam W : [hidden, input]\nh = tanh(W @ x)\noutput h\n");
  const auto checked = carousel("check forgetful.cell --seconds 0.3");
  EXPECT_EQ(checked.code, 1) << checked.text;
  EXPECT_THAT(checked.text, testing::ContainsRegex("learns +FAILED"));
}

TEST_F(CellCommand, AMistakeIsShownInItsPlace) {
  write("wrong.cell",
        "cell wrong\nparam U : [hidden, input]\nh = tanh(U @ h[t-1] + x)\noutput h\n");
  const auto checked = carousel("check wrong.cell");
  EXPECT_EQ(checked.code, 2);
  EXPECT_THAT(checked.text,
              AllOf(HasSubstr("wrong.cell:3:"), HasSubstr("U @ h[t-1]"), HasSubstr("^")));
  EXPECT_THAT(carousel("check none.cell").text, HasSubstr("none.cell"));
  EXPECT_EQ(carousel("check none.cell").code, 2);
}

TEST_F(CellCommand, ShowsAFileWithOtherNumbersAndChanges) {
  write("leaky.cell", leaky_);
  EXPECT_THAT(carousel("show leaky.cell --input 2 --hidden 3 --set leak=0.25").text,
              AllOf(HasSubstr("0.75 * h[t-1]"), HasSubstr("15 parameters")));
  EXPECT_THAT(carousel("show leaky.cell --latex").text, HasSubstr("h_{t-1}"));
  const auto diagonal = carousel("show leaky.cell --input 2 --hidden 3 --variant diagonal_U");
  EXPECT_THAT(diagonal.text, HasSubstr("9 parameters"));
  const auto unknown = carousel("show leaky.cell --set lek=1");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.text, HasSubstr("did you mean 'leak'"));
  EXPECT_THAT(carousel("show leaky.cell --variant diagonal_V").text, HasSubstr("diagonal_U"));
  EXPECT_EQ(carousel("show leaky.cell --set leak=a").code, 2);
}

TEST_F(CellCommand, NumbersHaveARange) {
  write("leaky.cell", leaky_);
  for (const auto& [arguments, message] : std::map<std::string, std::string>{
           {"show leaky.cell --hidden 2000000000", "--hidden: got 2000000000, expected 1 to 65536"},
           {"ablate leaky.cell --input 0", "--input: got 0, expected 1 to 65536"},
           {"check leaky.cell --hidden -4", "--hidden: got -4, expected 1 to 65536"},
           {"check leaky.cell --set leak=nan", "--set leak=nan: got nan, expected -1e+30 to 1e+30"},
           {"show leaky.cell --set leak=1e400", "--set leak=1e400: expected name=number"},
           {"check leaky.cell --seconds nan", "--seconds: got nan, expected 0.001 to 86400"}}) {
    const auto got = carousel(arguments);
    EXPECT_EQ(got.code, 2) << arguments;
    EXPECT_THAT(got.text, HasSubstr(message)) << arguments;
  }
}

// Parameter counts by the formulas of Greff et al. 2015, appendix: n units, m inputs.
TEST_F(CellCommand, AblationOfTheVanillaLstmHasGreffsVariants) {
  const auto list = carousel("ablate lstm_peephole --list --input 20 --hidden 10");
  EXPECT_EQ(list.code, 0);
  const int m = 20, n = 10, gate = n * m + n * n + n;
  for (const auto& [alias, count] :
       std::map<std::string, int>{{"NIG", 3 * gate + 2 * n},
                                  {"NFG", 3 * gate + 2 * n},
                                  {"NOG", 3 * gate + 2 * n},
                                  {"NIAF", 4 * gate + 3 * n},
                                  {"NOAF", 4 * gate + 3 * n},
                                  {"CIFG", 3 * gate + 2 * n},
                                  {"NP", 4 * gate},
                                  {"FGR", 4 * gate + 3 * n + 9 * n * n}}) {
    EXPECT_THAT(list.text, testing::ContainsRegex(" " + alias + " +" + std::to_string(count)));
  }
  EXPECT_THAT(carousel("ablate lstm_peephole CIFG").text, HasSubstr("1 - "));
}

TEST_F(CellCommand, AStudyTakesFilesHyperparametersAndVariants) {
  write("leaky.cell", leaky_);
  write("faster.cell", "cell faster extends leaky\nhyper leak = 0.9\n");
  write("study.yaml",
        "name: mine\ndataset: chords\ncells:\n"
        "  - {name: faster.cell, hidden: 4}\n"
        "  - {name: leaky.cell, hidden: 4, hyper: {leak: 0.25}}\n"
        "  - {name: lstm_peephole, hidden: 3, variant: NIG}\n"
        "seeds: [1]\ntrain: {epochs: 1}\n");
  const auto run = carousel("compare study.yaml --out run --quiet");
  ASSERT_EQ(run.code, 0) << run.text;
  const std::string csv = file_text(folder_ / "run/results.csv");
  EXPECT_THAT(csv, AllOf(HasSubstr("mine,faster,,"), HasSubstr("mine,leaky,leak=0.25,"),
                         HasSubstr("mine,lstm_peephole,NIG,")));
  // The run holds what it needs.
  std::filesystem::remove(folder_ / "leaky.cell");
  std::filesystem::remove(folder_ / "faster.cell");
  EXPECT_EQ(carousel("resume run --quiet").code, 0);
  EXPECT_EQ(file_text(folder_ / "run/results.csv"), csv);
}

TEST_F(CellCommand, AFileCannotReplaceACellOfTheCatalogue) {
  write("gru.cell", "cell lstm\nparam W : [hidden, input]\nh = W @ x + h[t-1]\noutput h\n");
  const auto checked = carousel("check gru.cell");
  EXPECT_EQ(checked.code, 2);
  EXPECT_THAT(checked.text, AllOf(HasSubstr("another cell named 'lstm'"), HasSubstr("catalogue")));
}

TEST_F(CellCommand, ListsByNameAndGroup) {
  EXPECT_THAT(carousel("cells minim").text,
              AllOf(HasSubstr("mgu"), testing::Not(HasSubstr("sru"))));
  EXPECT_THAT(carousel("cells --group matrix").text,
              AllOf(HasSubstr("mlstm"), testing::Not(HasSubstr("\nlstm "))));
  EXPECT_EQ(carousel("cells nonesuch").code, 2);
}

}  // namespace
}  // namespace carousel
