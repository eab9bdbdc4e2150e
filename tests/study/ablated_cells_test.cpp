#include "study/ablated_cells.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "catalogue.hpp"
#include "cell/ablation/ablation.hpp"
#include "cell/changed_cell.hpp"
#include "study/set_up.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Ablated : public testing::Test {
 protected:
  StudyOptions study(const std::string& cells) const {
    return parse_study("task: {name: adding, lag: 30}\ncells: " + cells + "\n", "study.yaml", {});
  }
  std::vector<std::string> variants(const std::string& cells) {
    std::vector<std::string> all;
    for (const StudyCell& cell : with_ablated_cells(study(cells), registry_).cells) {
      EXPECT_TRUE(cell.ablate.empty());
      all.push_back(cell.variant);
    }
    return all;
  }

  CellRegistry registry_ = catalogue();
};

TEST_F(Ablated, StandBehindTheCellAsItIs) {
  EXPECT_THAT(
      variants("[{name: lstm_peephole, hidden: 6, ablate: 'NIG, NP'}, {name: mgu, hidden: 5}]"),
      ElementsAre("", "NIG", "NP", ""));
  EXPECT_THAT(error_of<InputError>([&] { variants("[{name: lstm, hidden: 6, ablate: NIX}]"); }),
              AllOf(HasSubstr("cell lstm: there is no change 'NIX'"), HasSubstr("did you mean")));
}

TEST_F(Ablated, AllAreTheSingleChanges) {
  const auto all = variants("[{name: lstm_peephole, hidden: 6, ablate: all}]");
  for (const char* paper : {"NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR"}) {
    EXPECT_THAT(all, Contains(paper));
  }
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  const StepProgram program = catalogue().find("lstm_peephole").build({8, 6});
  EXPECT_LE(all.size(), single_changes(program).size() + 1);
  EXPECT_GT(variants("[{name: mgu, hidden: 5, ablate: all}]").size(), 3u);
}

TEST_F(Ablated, PairsAreMadeOneAfterTheOther) {
  const auto single = variants("[{name: mgu, hidden: 5, ablate: all}]");
  const auto pairs = variants("[{name: mgu, hidden: 5, ablate: pairs}]");
  EXPECT_GT(pairs.size(), 2 * single.size());
  EXPECT_EQ(std::vector(pairs.begin(), pairs.begin() + std::ssize(single)), single);
  EXPECT_THAT(pairs, Contains(single[1] + "+" + single[4]));
  const Cell both = changed_cell(catalogue().find("lstm_peephole"), {}, "NIG+NOG");
  const StepProgram intact = catalogue().find("lstm_peephole").build({3, 4});
  const StepProgram once = apply_ablation(intact, find_ablation(intact, "NIG"));
  const StepProgram expected = apply_ablation(once, find_ablation(intact, "NOG"));
  EXPECT_EQ(to_text(both.build({3, 4})), to_text(expected));
}

// A study as a whole plans: no change gives the equations of another one.
TEST_F(Ablated, EveryChangeOfACellIsACompetitor) {
  for (const char* cell : {"lstm_peephole", "gru_reset_before", "mgu"}) {
    const StudyOptions options = study(fmt::format("[{{name: {}, hidden: 6, ablate: all}}]", cell));
    EXPECT_NO_THROW(StudySetUp(options, registry_, "", [](const std::string&) {})) << cell;
  }
}

TEST_F(Ablated, RefitGivesEachTheParametersOfTheCellAsItIs) {
  const StudyOptions options =
      study("[{name: lstm_peephole, hidden: 20, ablate: 'NIG, NP, FGR', refit: true}]");
  const StudySetUp set_up(options, registry_, "", [](const std::string&) {});
  const auto count = [&](const PlannedTrial& trial) {
    const Cell cell = set_up.cell(trial.cell, set_up.options());
    Recurrence recurrence(cell, trial.record.hidden);
    set_up.problem(0).model(recurrence);
    return static_cast<double>(recurrence.parameter_count());
  };
  const auto& trials = set_up.planned();
  ASSERT_EQ(trials.size(), 4u);
  EXPECT_EQ(trials[0].record.hidden, 20);
  for (const PlannedTrial& trial : trials) {
    EXPECT_NEAR(count(trial), count(trials[0]), 0.1 * count(trials[0])) << trial.id;
  }
  EXPECT_GT(trials[1].record.hidden, 20) << "a gate less";
  EXPECT_LT(trials[3].record.hidden, 20) << "nine matrices more";
}

// Its hidden size is solved for later.
TEST_F(Ablated, ACellWithoutASizeHasItsChangesToo) {
  EXPECT_THAT(variants("[{name: lstm_peephole, ablate: 'NIG, NP'}]\nparameters: 600"),
              ElementsAre("", "NIG", "NP"));
  EXPECT_EQ(variants("[{name: mgu, ablate: all}]\nparameters: 600"),
            variants("[{name: mgu, hidden: 8, ablate: all}]"));
}

TEST_F(Ablated, NamesArePartedAtCommas) {
  EXPECT_THAT(variants("[{name: lstm_peephole, hidden: 6, ablate: ' NIG ,NP,,  NOG'}]"),
              ElementsAre("", "NIG", "NP", "NOG"));
  EXPECT_THAT(error_of<InputError>([&] { variants("[{name: lstm, hidden: 6, ablate: ' ,'}]"); }),
              HasSubstr("cells: lstm has no change to make"));
}

}  // namespace
}  // namespace carousel
