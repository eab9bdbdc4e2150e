#include "study/study_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "catalogue.hpp"
#include "cell/changed_cell.hpp"
#include "model_under_test.hpp"
#include "study/hidden_size.hpp"
#include "study/set_up.hpp"
#include "study/time_left.hpp"
#include "task/next_frame_model.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

std::int64_t count(const char* cell, Index input, Index hidden, int depth = 1) {
  return trained_count(RecurrentStack(catalogue().find(cell), {input, hidden, depth}).parameters());
}

int hidden_for(const Cell& cell, Index input, int depth, std::int64_t wanted) {
  SequenceSet set;
  set.train.width = input;
  return hidden_for_parameters(cell, *next_frame_problem(set), {.depth = depth}, wanted);
}

// The sizes of Chung et al. 2014, table 1, from their counts.
TEST(HiddenForParameters, FindsThePublishedSizes) {
  EXPECT_EQ(hidden_for(catalogue().find("lstm_peephole"), 100, 1, 19800), 36);
  EXPECT_EQ(hidden_for(catalogue().find("gru_reset_before"), 100, 1, 20200), 46);
  EXPECT_EQ(hidden_for(catalogue().find("rnn_tanh"), 100, 1, 20100), 100);
  EXPECT_EQ(hidden_for(catalogue().find("lstm_peephole"), 20, 1, 169100), 195);
  EXPECT_EQ(hidden_for(catalogue().find("gru_reset_before"), 20, 1, 168900), 227);
  EXPECT_EQ(hidden_for(catalogue().find("rnn_tanh"), 20, 1, 168400), 400);
}

TEST(HiddenForParameters, IsTheNearest) {
  for (const std::int64_t wanted : {500, 501, 700, 4321, 9999}) {
    const int hidden = hidden_for(catalogue().find("lstm"), 7, 2, wanted);
    const auto off = [&](int h) { return std::abs(count("lstm", 7, h, 2) - wanted); };
    for (int h = 1; h < 60; ++h) EXPECT_LE(off(hidden), off(h)) << wanted << " " << h;
  }
}

TEST(HiddenForParameters, LeavesOutSizesThatACellCannotHave) {
  CellRegistry registry;
  registry.add_text(R"(cell halves "A state in two halves"
param W : [2 * (hidden / 2), input]
h = tanh(W @ x + concat(roll(h[t-1][0:hidden/2], 1), h[t-1][hidden/2:hidden]))
output h
)",
                    "halves.cell");
  const Cell& halves = registry.find("halves");
  EXPECT_ANY_THROW(halves.build({3, 5}));
  EXPECT_EQ(hidden_for(halves, 3, 1, 3 * 31), 30);
  EXPECT_EQ(hidden_for(halves, 3, 1, 3 * 31 + 1), 32);
}

// Halving the interval from 8 to 16 meets no size that can be built.
TEST(HiddenForParameters, FindsOneBetweenSizesThatAreLeftOut) {
  Cell cell = catalogue().find("rnn_tanh");
  cell.build = [build = cell.build](const CellSizes& sizes) {
    if (sizes.hidden % 16 != 0 && (sizes.hidden < 8 || sizes.hidden > 11)) fail_input("no");
    return build(sizes);
  };
  for (const Index hidden : {8, 9, 10, 11, 16, 32}) {
    EXPECT_EQ(hidden_for(cell, 3, 1, count("rnn_tanh", 3, hidden, 1)), hidden);
  }
}

TEST(HiddenForParameters, SaysWhatIsOutOfReach) {
  EXPECT_THAT(error_of<InputError>([] { hidden_for(catalogue().find("lstm"), 1000, 1, 200); }),
              HasSubstr("even 1 hidden units have 4008 parameters, 200 were wanted"));
  // The smallest one is taken where it has no more than twice what is wanted.
  EXPECT_EQ(hidden_for(catalogue().find("lstm"), 1000, 1, 2004), 1);
  EXPECT_THAT(error_of<InputError>([] { hidden_for(catalogue().find("lstm"), 1000, 1, 2003); }),
              HasSubstr("even 1 hidden units"));
}

// One cell, three rates, three seeds.
class Plan : public testing::Test {
 protected:
  Plan() {
    options_.tasks = {{"next_frame", {}}};
    options_.cells = {{"lstm", 4}};
    options_.seeds = {7, 8, 9};
    options_.search.draws = 3;
    set_.name = "chords";
    set_.train.width = 5;
  }
  std::vector<PlannedTrial> planned(const std::vector<Cell>& cells) const {
    std::vector<std::unique_ptr<Problem>> problems;
    problems.push_back(next_frame_problem(set_));
    return plan_trials(options_, cells, problems);
  }
  StudyPlan make(const std::vector<Cell>& cells = {catalogue().find("lstm")}) const {
    StudyProblem problem = describe(*next_frame_problem(set_), set_.name, "next_frame");
    problem.metrics[0].better = better_;
    return {planned(cells), {problem}, options_};
  }
  double rate_of_draw(int draw) const {
    return number_in(draws_of(options_).at(std::size_t(draw) - 1).at(0).second).value();
  }
  static void end(StudyPlan& plan, std::size_t trial, const char* status, double valid) {
    plan.trials()[trial].status = status;
    plan.trials()[trial].figures["nll"][Split::valid] = valid;
  }

  StudyOptions options_;
  SequenceSet set_;
  Better better_ = Better::lower;
};

TEST_F(Plan, RunsTheSeedsAfterTheSearch) {
  StudyPlan plan = make();
  ASSERT_EQ(plan.trials().size(), 5u);
  EXPECT_THAT(plan.trials(), Each(Field(&TrialRecord::task, "next_frame")));
  EXPECT_THAT(plan.take_ready(), ElementsAre(0, 1, 2));
  EXPECT_THAT(plan.take_ready(), IsEmpty());
  for (int draw = 1; draw <= 3; ++draw) {
    const TrialRecord& r = plan.trials()[std::size_t(draw) - 1];
    EXPECT_EQ(r.draw, draw);
    EXPECT_EQ(r.seed, 7u);
  }
  end(plan, 0, "done", 3.0);
  end(plan, 2, "done", 2.0);
  EXPECT_THAT(plan.take_ready(), IsEmpty());
  end(plan, 1, "diverged", 1.0);
  EXPECT_THAT(plan.take_ready(), ElementsAre(2, 3, 4));
  EXPECT_THAT(plan.take_ready(), IsEmpty());
  EXPECT_FALSE(plan.trials()[0].selected);
  for (const std::size_t trial : {2U, 3U, 4U}) {
    EXPECT_TRUE(plan.trials()[trial].selected);
    EXPECT_EQ(plan.trials()[trial].learning_rate, rate_of_draw(3));
    EXPECT_EQ(plan.trials()[trial].draw, 3);
  }
  EXPECT_EQ(plan.trials()[3].seed, 8u);
  EXPECT_EQ(plan.trials()[4].seed, 9u);
}

TEST_F(Plan, TakesTheFirstOfEqualDraws) {
  StudyPlan plan = make();
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "done", trial == 0 ? 3.0 : 2.0);
  EXPECT_THAT(plan.take_ready(), ElementsAre(1, 3, 4));
}

TEST_F(Plan, TakesTheHighestWhereHigherIsBetter) {
  better_ = Better::higher;
  StudyPlan plan = make();
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "done", trial == 1 ? 3.0 : 2.0);
  EXPECT_THAT(plan.take_ready(), ElementsAre(1, 3, 4));
}

// Six draws: after 2 epochs two go on, after 4 one of them. The worst after 2 would be the best
// later.
TEST_F(Plan, HalvingStopsTheWorseDraws) {
  options_.search.draws = 6;
  options_.search.halving = {2, 3};
  options_.train.epochs = 20;
  StudyPlan plan = make();
  const auto reach = [&](std::size_t trial, const std::vector<double>& valid) {
    TrialRecord record = plan.trials()[trial];
    record.status = "running";
    record.epochs = static_cast<int>(valid.size());
    record.curve.clear();
    for (std::size_t k = 0; k < valid.size(); ++k) {
      record.curve.push_back({static_cast<int>(k) + 1, 0, 0.0, 0.0, {valid[k]}});
    }
    record.figures["nll"][Split::valid] = *std::ranges::min_element(valid);
    plan.put(trial, record);
  };
  EXPECT_THAT(plan.take_ready(), ElementsAre(0, 1, 2, 3, 4, 5));
  for (const std::size_t trial : {0U, 5U}) EXPECT_EQ(plan.until(trial), 2);
  for (std::size_t trial = 0; trial < 5; ++trial) reach(trial, {9.0, 9.0 - double(trial % 3)});
  EXPECT_THAT(plan.take_ready(), IsEmpty()) << "one has not come there";
  end(plan, 5, "diverged", not_known);
  plan.put(5, plan.trials()[5]);
  EXPECT_THAT(plan.take_ready(), ElementsAre(1, 2)) << "of equal ones the first";
  EXPECT_EQ(plan.until(2), 6);
  EXPECT_EQ(plan.trials()[0].status, "pruned");
  EXPECT_EQ(plan.trials()[4].status, "pruned");
  EXPECT_EQ(plan.trials()[5].status, "diverged") << "and not pruned";
  reach(1, {9.0, 8.0, 3.0, 3.0, 3.0, 2.0});
  reach(2, {9.0, 7.0, 7.0, 7.0, 7.0, 7.0});
  EXPECT_THAT(plan.take_ready(), ElementsAre(1));
  EXPECT_EQ(plan.until(1), 18);
  reach(1, std::vector<double>(18, 3.0));
  EXPECT_THAT(plan.take_ready(), ElementsAre(1)) << "to the end";
  EXPECT_EQ(plan.until(1), 0);
  end(plan, 1, "done", 2.0);
  plan.put(1, plan.trials()[1]);
  EXPECT_THAT(plan.take_ready(), ElementsAre(1, 6, 7)) << "for its test figures, and the seeds";
  EXPECT_EQ(plan.trials()[7].draw, 2);
}

// There would be nothing for the draws to go on to.
TEST_F(Plan, HalvingHasNoStopAtTheEnd) {
  StudyPlan plan = make();
  EXPECT_EQ(plan.until(0), 0) << "there is no halving";
  const auto asked = [&](int first, int epochs) {
    options_.search.halving = {first, 2};
    options_.train.epochs = epochs;
    StudyPlan halving = make();
    halving.take_ready();
    return halving.until(0);
  };
  EXPECT_EQ(asked(1, 4), 1);
  EXPECT_EQ(asked(3, 4), 3);
  EXPECT_EQ(asked(4, 4), 0);
}

// What a draw had reached at a stop counts there, though it diverged later.
TEST_F(Plan, ADrawThatDivergedAfterAStopCountsThere) {
  options_.search.draws = 2;
  options_.search.halving = {2, 2};
  options_.train.epochs = 20;
  StudyPlan plan = make();
  plan.take_ready();
  for (const std::size_t trial : {0U, 1U}) {
    TrialRecord record = plan.trials()[trial];
    record.status = trial == 1 ? "diverged" : "running";
    record.epochs = 2 + static_cast<int>(trial);
    record.curve = {{1, 0, 0.0, 0.0, {9.0}}, {2, 0, 0.0, 0.0, {trial == 1 ? 3.0 : 5.0}}};
    if (trial == 1) record.curve.push_back({3, 0, 0.0, 0.0, {4.0}});
    plan.put(trial, record);
  }
  EXPECT_THAT(plan.take_ready(), IsEmpty()) << "the better one was that which has diverged";
  EXPECT_EQ(plan.trials()[0].status, "pruned");
}

TEST_F(Plan, WithoutDrawsThereIsNothingToHalve) {
  options_.search.draws = 0;
  options_.search.halving = {2, 2};
  options_.train.epochs = 20;
  StudyPlan plan = make();
  EXPECT_THAT(plan.take_ready(), ElementsAre(0, 1, 2));
  EXPECT_EQ(plan.until(0), 0);
}

// Of two cases the search comes first: seeds wait for it.
TEST_F(Plan, DrawsOfAllCasesComeBeforeSeeds) {
  options_.grid = {{"model.depth", {"1", "2"}}};
  options_.search.draws = 1;
  options_.seeds = {7, 8};
  StudyPlan plan = make();
  ASSERT_EQ(plan.trials().size(), 4u);
  end(plan, 0, "done", 2.0);
  EXPECT_THAT(plan.take_ready(), ElementsAre(2, 0, 1));
}

TEST_F(Plan, ASeedThatWasTrainedWithAnotherDrawIsRefused) {
  StudyPlan plan = make();
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "done", 2.0 + double(trial));
  plan.trials()[3].learning_rate = 0.5;
  plan.trials()[3].drawn = "train.learning_rate=0.5";
  EXPECT_EQ(error_of<InputError>([&] { plan.choose(); }),
            "trial lstm-h4-s8 was trained with train.learning_rate=0.5, but the search chooses " +
                plan.trials()[0].drawn);
}

TEST_F(Plan, AnOptionThatTheTaskCannotTakeIsRefused) {
  options_.model.direction = "both";
  EXPECT_THAT(error_of<InputError>([&] { make(); }), HasSubstr("model.direction is both"));
}

// Each combination is a competitor: it has its own search, and its own hidden size.
TEST_F(Plan, AGridMakesACaseOfEachPoint) {
  options_.grid = {{"model.depth", {"1", "2"}}, {"hidden", {"3", "4"}}};
  options_.search.draws = 2;
  StudyPlan plan = make();
  ASSERT_EQ(plan.cases().size(), 4u);
  ASSERT_EQ(plan.trials().size(), 4u * (2 + 2));
  std::vector<std::string> settings, ids;
  for (const StudyCase& one : plan.cases()) {
    const std::size_t first = one.first_trial();
    settings.push_back(
        fmt::format("{} h{}", plan.trials()[first].setting, plan.trials()[first].hidden));
    ids.push_back(plan.planned(first).id);
    EXPECT_EQ(plan.trials()[first].drawn, plan.trials()[0].drawn) << "the same draws for all";
  }
  EXPECT_THAT(settings, ElementsAre("model.depth=1 hidden=3 h3", "model.depth=1 hidden=4 h4",
                                    "model.depth=2 hidden=3 h3", "model.depth=2 hidden=4 h4"));
  EXPECT_THAT(ids, ElementsAre("lstm-h3-g1-r1", "lstm-h4-g2-r1", "lstm-h3-g3-r1", "lstm-h4-g4-r1"));
}

TEST_F(Plan, TheSeedsHaveWhatTheChosenDrawHas) {
  options_.search.space = {{"hidden", "log_integer", {"2", "64"}},
                           {"train.learning_rate", "log_uniform", {"1e-4", "1e-2"}}};
  StudyPlan plan = make();
  EXPECT_EQ(plan.planned(0).id, "lstm-r1");
  EXPECT_EQ(plan.trials()[3].hidden, 0) << "waits for the choice";
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "done", trial == 1 ? 1.0 : 2.0);
  plan.choose();
  const TrialRecord& best = plan.trials()[1];
  EXPECT_GE(best.hidden, 2);
  for (const std::size_t trial : {3U, 4U}) {
    const TrialRecord& r = plan.trials()[trial];
    EXPECT_EQ(r.hidden, best.hidden);
    EXPECT_EQ(r.drawn, best.drawn);
    EXPECT_EQ(r.learning_rate, best.learning_rate);
    EXPECT_EQ(options_of(options_, r).cells[0].hidden, best.hidden);
    EXPECT_NO_THROW(expect_same_trial(plan.planned(trial).record, r));
  }
}

// A hidden size that is solved for each draw is part of it.
TEST_F(Plan, ASizeSolvedForADrawIsSaid) {
  options_.cells[0].hidden = 0;
  options_.parameters = 600;
  options_.search.space = {{"model.depth", "choice", {"1", "2"}}};
  options_.search.draws = 8;
  std::set<std::string> drawn;
  for (const PlannedTrial& trial : planned({catalogue().find("lstm")})) {
    if (trial.record.draw > 0) drawn.insert(trial.record.drawn);
  }
  const int one = hidden_for(catalogue().find("lstm"), 5, 1, 600);
  const int two = hidden_for(catalogue().find("lstm"), 5, 2, 600);
  EXPECT_NE(one, two);
  EXPECT_THAT(drawn, ElementsAre(fmt::format("model.depth=1 hidden={}", one),
                                 fmt::format("model.depth=2 hidden={}", two)));
}

TEST_F(Plan, ForReportsItChoosesAndTakesNothing) {
  StudyPlan plan = make();
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "done", 3.0 - double(trial));
  plan.choose();
  EXPECT_TRUE(plan.trials()[2].selected);
  EXPECT_EQ(plan.trials()[3].learning_rate, rate_of_draw(3));
  EXPECT_THAT(plan.take_ready(), ElementsAre(2, 3, 4));
}

// A folder's name, and a word of a shell.
TEST_F(Plan, IdsAreFitForFolders) {
  options_.cells = {{"rhn", 4}};
  options_.cells[0].hyper = {{"depth", 2.0}};
  options_.search.draws = 0;
  const Cell cell = changed_cell(catalogue().find("rhn"), options_.cells[0].hyper, "");
  const std::vector<PlannedTrial> trials = planned({cell});
  EXPECT_EQ(trials[0].record.variant, "depth=2");
  EXPECT_EQ(trials[0].id, "rhn+depth=2-h4-s7");
  Cell other = catalogue().find("lstm");
  other.name = "azAZ09._+=- /@[`{:";
  options_.cells = {{"lstm", 4}};
  EXPECT_EQ(planned({other})[0].id, "azAZ09._+=-_______-h4-s7");
}

TEST_F(Plan, TheSameCellUnderTwoSpellingsIsAnError) {
  const Cell& lstm = catalogue().find("lstm");
  options_.cells = {{"lstm", 4}, {"./lstm.cell", 4}};
  EXPECT_THAT(error_of<InputError>([&] {
                planned({lstm, lstm});
              }),
              AllOf(HasSubstr("hidden size 4 stands there twice"),
                    HasSubstr("'lstm' and as './lstm.cell'")));
  options_.cells[1].hidden = 5;
  EXPECT_EQ(planned({lstm, lstm}).size(), 2u * 5u);
  // A copy under another name is the same cell too, and so is a hyperparameter at its default.
  options_.cells[1].hidden = 4;
  CellRegistry registry = catalogue();
  std::string text = lstm.text;
  text.replace(text.find("cell lstm"), 9, "cell copy");
  registry.add_text(text, "copy.cell");
  EXPECT_THAT(error_of<InputError>([&] {
                planned({lstm, registry.find("copy")});
              }),
              HasSubstr("twice"));
}

TEST_F(Plan, GoesOnWhereARunStopped) {
  StudyPlan plan = make();
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "done", 2.0 + double(trial));
  plan.trials()[0].figures["nll"][Split::test] = 2.5;
  plan.trials()[0].selected = true;
  end(plan, 3, "done", 2.0);
  plan.trials()[3].figures["nll"][Split::test] = 2.6;
  EXPECT_THAT(plan.take_ready(), ElementsAre(4));
}

TEST_F(Plan, SkipsTheSeedsWhenEveryDrawDiverged) {
  StudyPlan plan = make();
  for (const std::size_t trial : {0U, 1U, 2U}) end(plan, trial, "diverged", 1.0);
  EXPECT_THAT(plan.take_ready(), IsEmpty());
  EXPECT_EQ(plan.trials()[3].status, "skipped");
  EXPECT_FALSE(plan.trials()[3].selected);
}

TEST_F(Plan, WithoutASearchEveryTrialIsSelected) {
  options_.search.draws = 0;
  StudyPlan plan = make();
  ASSERT_EQ(plan.trials().size(), 3u);
  EXPECT_TRUE(plan.trials()[0].selected);
  EXPECT_THAT(plan.take_ready(), ElementsAre(0, 1, 2));
  EXPECT_EQ(plan.planned(1).id, "lstm-h4-s8");
  EXPECT_EQ(plan.find("lstm-h4-s8"), 1u);
  EXPECT_THAT(error_of<InputError>([&] { plan.find("lstm-h4-s88"); }),
              HasSubstr("did you mean 'lstm-h4-s8'?"));
}

// A step of context 2 has two frames of 5 elements for its input. Of gru_d's parameters x_mean, 10
// elements, is not trained: with it, 5 units would be nearer.
TEST_F(Plan, TheBudgetCountsTheWholeContextAndTrainedParametersAlone) {
  set_.train.context = 2;
  options_.cells = {{"gru_d", 0}};
  options_.parameters = 520;
  const Cell& cell = catalogue().find("gru_d");
  const TrialRecord trial = make({cell}).trials().front();
  const auto count_by_hand = [](Index h) { return 2 * 10 + 7 * h * 10 + 3 * h * h + 4 * h; };
  EXPECT_EQ(count_by_hand(5), 465);
  EXPECT_EQ(count_by_hand(6), 572);
  EXPECT_EQ(trial.hidden, 6);
  EXPECT_EQ(ModelUnderTest(cell, next_frame_problem(set_), 6).recurrence.parameter_count(), 572);
}

TEST_F(Plan, ACellThatIsNotTrainedHasNoBudget) {
  options_.cells = {{"esn", 0}};
  options_.parameters = 500;
  const Cell& esn = catalogue().find("esn");
  EXPECT_THAT(error_of<InputError>([&] { make({esn}); }),
              HasSubstr("cell esn: 16384 hidden units have only 0 parameters, 500 were wanted"));
  options_.cells = {{"esn", 30}};
  EXPECT_EQ(make({esn}).trials().front().hidden, 30);
  const ModelUnderTest model(esn, next_frame_problem(set_), 30);
  EXPECT_EQ(model.recurrence.parameter_count(), 0);
  EXPECT_EQ(trained_count(model.parameters()), 5 * 30 + 5) << "the output layer";
}

TrialRecord timed(const char* cell, const char* status, double seconds) {
  TrialRecord r;
  r.cell = cell;
  r.status = status;
  r.seconds = seconds;
  return r;
}

TEST(SecondsLeft, TakesTheMeanOfTheCellsEndedTrials) {
  std::vector<TrialRecord> trials = {timed("a", "done", 10), timed("a", "diverged", 20),
                                     timed("b", "done", 100), timed("a", "waiting", 0),
                                     timed("b", "waiting", 0)};
  const std::vector<double> share = {1, 1, 1, 0, 0};
  EXPECT_DOUBLE_EQ(seconds_left(trials, share, 1), 115.0);
  EXPECT_DOUBLE_EQ(seconds_left(trials, share, 2), 57.5);
  EXPECT_DOUBLE_EQ(seconds_left(trials, share, 8), 57.5);  // two trials fill two threads
  trials[3] = timed("a", "running", 5);
  EXPECT_DOUBLE_EQ(seconds_left(trials, {1, 1, 1, 0.1, 0}, 1), 110.0);
}

TEST(SecondsLeft, BeforeTheFirstEndGoesByTheShareOfEpochs) {
  const std::vector<TrialRecord> trials = {timed("a", "running", 10), timed("b", "waiting", 0)};
  EXPECT_DOUBLE_EQ(seconds_left(trials, {0.25, 0}, 1), 70.0);
  EXPECT_TRUE(std::isnan(seconds_left({timed("a", "waiting", 0)}, {0}, 1)));
  EXPECT_EQ(seconds_left({timed("a", "done", 3)}, {1}, 1), 0.0);
}

}  // namespace
}  // namespace carousel
