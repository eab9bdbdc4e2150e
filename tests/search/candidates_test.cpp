// Candidates: made once, with counts of what became of the others.

#include "search/candidates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "catalogue.hpp"
#include "cell/mutation/structure_text.hpp"
#include "cell/mutation/symbolic_cell.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::atomic<bool> go_on{false};

CellSearchOptions options_of(std::vector<std::string> cells, int candidates) {
  CellSearchOptions options;
  options.cells = std::move(cells);
  options.candidates = candidates;
  return options;
}

std::vector<std::string> texts_of(const std::vector<Candidate>& cells) {
  std::vector<std::string> texts;
  for (const Candidate& cell : cells) texts.push_back(cell.text);
  return texts;
}

TEST(Candidates, AreNewAndCounted) {
  CellRegistry registry = catalogue();
  const CellSearchOptions options = options_of({"lstm", "rnn_tanh"}, 150);
  const auto first = first_cells(options, registry);
  CandidateMaker maker(options, first, registry);
  MutantCounts counts;
  const auto made = maker.make(1, first, counts, go_on);
  ASSERT_EQ(made.size(), 150u);
  EXPECT_EQ(counts.made, 150 + counts.twice + counts.malformed + counts.too_large);
  EXPECT_GT(counts.twice, 0);
  EXPECT_GT(counts.malformed, 0);
  EXPECT_GT(counts.too_large, 0);
  std::set<std::string> structures{structure_text(first[0].program),
                                   structure_text(first[1].program)};
  for (const Candidate& cell : made) {
    EXPECT_TRUE(structures.insert(structure_text(cell.program)).second) << cell.name;
    EXPECT_EQ(cell.generation, 1);
    EXPECT_EQ(cell.parent, first[cell.first].name);
    EXPECT_FALSE(cell.changes.empty());
    EXPECT_LE(cell.changes.size(), 3u);
    EXPECT_EQ(structure_text(program_of_text(cell.text, telling_sizes())),
              structure_text(cell.program))
        << cell.name;
    EXPECT_LE(cell.program.parameter_count(), 2 * first[cell.first].program.parameter_count());
  }
  EXPECT_EQ(made[0].name, "g1_1");
  EXPECT_EQ(made[149].name, "g1_150");
  MutantCounts later;
  for (const Candidate& cell : maker.make(2, made, later, go_on)) {
    EXPECT_TRUE(structures.insert(structure_text(cell.program)).second) << "made before";
  }
}

TEST(Candidates, DependOnSeedGenerationAndPopulationAlone) {
  CellRegistry registry = catalogue();
  CellSearchOptions options = options_of({"gru_reset_before", "lstm"}, 10);
  const auto first = first_cells(options, registry);
  MutantCounts counts;
  const auto make = [&](int generation, const std::vector<Candidate>& population) {
    return texts_of(
        CandidateMaker(options, first, registry).make(generation, population, counts, go_on));
  };
  const auto made = make(1, first);
  EXPECT_EQ(make(1, first), made);
  EXPECT_NE(make(2, first), made);
  EXPECT_NE(make(1, {first[1], first[0]}), made);
  options.seed = 2;
  EXPECT_NE(make(1, first), made);
}

// 10 parents of which the first has ten chances, the last has one.
TEST(Candidates, HaveParentsByRank) {
  CellRegistry registry = catalogue();
  CellSearchOptions options = options_of({"lstm"}, 400);
  options.growth = 10.0;
  const auto first = first_cells(options, registry);
  std::vector<Candidate> population(10, first[0]);
  for (std::size_t k = 0; k < population.size(); ++k) population[k].name = std::to_string(k);
  MutantCounts counts;
  std::map<std::string, int> children;
  for (const Candidate& cell :
       CandidateMaker(options, first, registry).make(1, population, counts, go_on)) {
    ++children[cell.parent];
  }
  EXPECT_NEAR(children["0"], 400 * 10 / 55, 30);
  EXPECT_NEAR(children["9"], 400 * 1 / 55, 10);
  EXPECT_GT(children["0"], children["9"]);
}

// What a small cell can become with one change is soon all made.
TEST(Candidates, AreFewerWhereThereAreNoMore) {
  CellRegistry registry = catalogue();
  CellSearchOptions options = options_of({"rnn_tanh"}, 60);
  options.mutations = 1;
  const auto first = first_cells(options, registry);
  MutantCounts counts;
  const auto made = CandidateMaker(options, first, registry).make(1, first, counts, go_on);
  EXPECT_LT(made.size(), 60u);
  EXPECT_EQ(counts.made, 20 * 60);
}

TEST(Candidates, StopAtOnce) {
  CellRegistry registry = catalogue();
  const CellSearchOptions options = options_of({"lstm"}, 10);
  const auto first = first_cells(options, registry);
  CandidateMaker maker(options, first, registry);
  MutantCounts counts;
  const std::atomic<bool> stop{true};
  EXPECT_THROW(maker.make(1, first, counts, stop), Interrupted);
}

std::string error_of(const CellSearchOptions& options) {
  CellRegistry registry = catalogue();
  try {
    first_cells(options, registry);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Candidates, ComeFromCellsThatThereAre) {
  EXPECT_THAT(error_of(options_of({"lstn"}, 1)),
              HasSubstr("there is no cell 'lstn'; did you mean 'lstm'"));
  EXPECT_THAT(error_of(options_of({"lru"}, 1)), HasSubstr("can't be written with symbolic sizes"));
  EXPECT_THAT(error_of(options_of({"lstm", "gru_reset_before", "lstm"}, 1)),
              HasSubstr("lstm and lstm are the same cell"));
}

// What is added to a copy of a registry is no matter of the other one.
TEST(Registry, IsCopiedWhole) {
  CellRegistry one;
  one.add_text("cell late extends base\nh = relu(W @ x + h[t-1])\n", "late.cell");
  CellRegistry other = one;
  other.add_text("cell base\nparam W : [hidden, input]\nh = tanh(W @ x + h[t-1])\noutput h\n",
                 "b.cell");
  EXPECT_EQ(other.find("late").build({3, 4, {}}).states.size(), 1u);
  EXPECT_EQ(one.look_up("base"), nullptr);
  EXPECT_THROW(one.find("late").build({3, 4, {}}), InputError);
}

}  // namespace
}  // namespace carousel
