// Trained models of a run, as a program opens them.

#include "study/open_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "catalogue.hpp"
#include "study/study.hpp"
#include "task/sequence_problem.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Index hidden = 4;

class OpenModelTest : public testing::Test {
 protected:
  OpenModelTest() {
    TaskOptions adding(find_task("adding").options);
    for (const auto& [name, value] :
         {std::pair("lag", "12"), {"examples", "40"}, {"valid", "10"}, {"test", "10"}}) {
      adding.set(name, value);
    }
    StudyOptions options;
    options.tasks = {{"adding", adding}};
    options.cells = {{"lstm", hidden}, {"rnn_tanh", hidden}};
    options.seeds = {1, 2};
    options.train.epochs = 2;
    const std::atomic<bool> stop{false};
    results_ = start_study(options, registry_, {run(), {}, 2, "", false}, stop, {});
  }
  std::filesystem::path run() const { return folder_ / "run"; }
  OpenModel open(const std::string& trial) {
    return open_model(registry_, {.run = run(), .trial = trial});
  }
  // Of the test split, x as [T, 1, 2], by itself.
  static SequenceBatch test_example(const OpenModel& open, ExampleId id) {
    return dynamic_cast<const SequenceProblem&>(open.problem()).batch(Split::test, {&id, 1});
  }

  TemporaryFolder folder_;
  CellRegistry registry_ = catalogue();
  StudyResults results_;
};

TEST_F(OpenModelTest, PredictsWhatItsTestFigureIsOf) {
  const OpenModel open = this->open("lstm-h4-s2");
  EXPECT_EQ(open.trial().seed, 2u);
  double error = 0.0;
  for (ExampleId id = 0; id < 10; ++id) {
    const SequenceBatch one = test_example(open, id);
    const Tensor<double> answer = open.model().predict(one.x);
    ASSERT_EQ(answer.shape(), (Shape{1, 1, 1}));
    error += std::pow(answer.data()[0] - double(one.targets.data()[0]), 2) / 10.0;
  }
  EXPECT_NEAR(error, open.trial().figure("error", Split::test), 1e-6);
}

TEST_F(OpenModelTest, ReadsSequencesOfUnequalLengths) {
  const OpenModel open = this->open("lstm-h4-s1");
  const std::vector<ExampleId> ids = {0, 1, 2};
  const auto& problem = dynamic_cast<const SequenceProblem&>(open.problem());
  const SequenceBatch batch = problem.batch(Split::test, ids);
  const Tensor<double> together = open.model().predict(batch.x, batch.lengths);
  for (const ExampleId id : ids) {
    EXPECT_NEAR(together.data()[id], open.model().predict(test_example(open, id).x).data()[0],
                1e-6);
  }
}

TEST_F(OpenModelTest, StepByStepItEndsInThePrediction) {
  const OpenModel open = this->open("lstm-h4-s1");
  const Tensor<float> x = test_example(open, 0).x;
  ModelStep step;
  for (Index t = 0; t < x.shape()[0]; ++t) {
    step = open.model().step(Tensor<float>::from({1, 1, 2}, {x.data()[2 * t], x.data()[2 * t + 1]}),
                             step.states);
    ASSERT_EQ(step.states.size(), 2u);
  }
  EXPECT_NEAR(step.outputs.data()[0], open.model().predict(x).data()[0], 1e-6);
}

// h = o * tanh(c), and the answer is a linear layer on the last h.
TEST_F(OpenModelTest, ProbesAreTheValuesOfTheCellsEquations) {
  const OpenModel open = this->open("lstm-h4-s1");
  EXPECT_THAT(open.cell_text(), HasSubstr("h = o * tanh(c)"));
  const Tensor<float> x = test_example(open, 0).x;
  const auto values = [&](const std::string& name) {
    const std::vector<Tensor<double>> by_layer = open.model().probe(x, name);
    EXPECT_EQ(by_layer.size(), 1u);
    EXPECT_EQ(by_layer.at(0).shape(), (Shape{x.shape()[0], 1, hidden}));
    return by_layer.at(0);
  };
  const Tensor<double> h = values("h"), o = values("o"), c = values("c");
  for (Index k = 0; k < h.numel(); ++k) {
    EXPECT_NEAR(h.data()[k], o.data()[k] * std::tanh(c.data()[k]), 1e-6);
  }
  double answer = 0.0;
  open.model().run([&](const Pass& pass) {
    const auto weight = pass.values(pass.parameters().of("output")[0]);
    answer = pass.values(pass.parameters().of("output")[1])[0];
    for (Index k = 0; k < hidden; ++k) {
      answer += weight[std::size_t(k)] * h.data()[h.numel() - hidden + k];
    }
  });
  EXPECT_NEAR(answer, open.model().predict(x).data()[0], 1e-6);
}

TEST_F(OpenModelTest, WithoutAnIdItIsTheBestOfTheCell) {
  const OpenModel open = open_model(registry_, {.run = run(), .cell = "rnn_tanh"});
  double best = INFINITY;
  for (const TrialRecord& trial : results_.trials) {
    if (trial.cell == "rnn_tanh") best = std::min(best, trial.chosen_by());
  }
  EXPECT_EQ(open.trial().cell, "rnn_tanh");
  EXPECT_EQ(open.trial().chosen_by(), best);
}

TEST_F(OpenModelTest, SaysWhatItLookedFor) {
  const auto error = [&](const ModelOfRun& wanted) {
    return error_of<InputError>([&] { open_model(registry_, wanted); });
  };
  const std::string data = results_.problems.at(0).name;
  const std::string there = "; finished: lstm on " + data + ", rnn_tanh on " + data;
  EXPECT_EQ(error({.run = run(), .cell = "gru"}),
            run().string() + ": no trained model of 'gru' on any data set" + there);
  EXPECT_EQ(error({.run = run(), .dataset = "music"}),
            run().string() + ": no trained model of any cell on 'music'" + there);
  EXPECT_EQ(error({.run = run(), .cell = "lstm", .dataset = "music"}),
            run().string() + ": no trained model of 'lstm' on 'music'" + there);
  const auto best = [&](const ModelOfRun& wanted) {
    return open_model(registry_, wanted).trial().chosen_by();
  };
  double lowest = INFINITY;
  for (const TrialRecord& trial : results_.trials) lowest = std::min(lowest, trial.chosen_by());
  EXPECT_EQ(best({.run = run()}), lowest) << "of any cell";
  EXPECT_EQ(best({.run = run(), .dataset = data}), lowest);
}

TEST_F(OpenModelTest, SaysWhatDoesNotFit) {
  EXPECT_THAT(error_of<InputError>([&] { open("gru-h4-s1"); }),
              AllOf(HasSubstr("no trained model of trial 'gru-h4-s1'"),
                    HasSubstr("finished: lstm-h4-s1, lstm-h4-s2, rnn_tanh-h4-s1")));
  const OpenModel open = this->open("lstm-h4-s1");
  const TrainedModel& model = open.model();
  const auto x = Tensor<float>::zeros({3, 1, 2});
  EXPECT_THAT(error_of<InputError>([&] { model.probe(x, "forget"); }),
              HasSubstr("there is no value 'forget' to record"));
  for (const Shape& shape : {Shape{3, 1, 5}, {3, 2}, {6}, {0, 1, 2}, {3, 0, 2}}) {
    EXPECT_THAT(error_of<InputError>([&] { model.predict(Tensor<float>::zeros(shape)); }),
                HasSubstr("x has shape " + shape.to_string() + ", expected [steps, batch, 2]"));
  }
  EXPECT_THAT(error_of<InputError>([&] { model.predict(x, {4}); }),
              HasSubstr("got length 4, expected one in [0, 3]"));
  EXPECT_THAT(error_of<InputError>([&] { model.predict(x, {0}); }), HasSubstr("of no steps"));
  const auto state = Tensor<double>::zeros({1, 4}), wide = Tensor<double>::zeros({1, 7});
  EXPECT_THAT(error_of<InputError>([&] { model.step(x, {state}); }),
              HasSubstr("got 1 initial states, expected 2"));
  EXPECT_THAT(error_of<InputError>([&] {
                model.step(x, {state, state, state});
              }),
              HasSubstr("got 3 initial states, expected 2"));
  EXPECT_THAT(error_of<InputError>([&] {
                model.step(x, {state, wide});
              }),
              HasSubstr("expected [1, 4]"));
}

}  // namespace
}  // namespace carousel
