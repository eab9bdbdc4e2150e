#include "task/sequence_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "tape/gradient_check.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using Pool = SequenceForm::Pool;

constexpr Index hidden = 3;

// Three sequences of unequal lengths, whose outputs it keeps.
class Kept final : public SequenceProblem {
 public:
  using SequenceProblem::SequenceProblem;

  std::string name() const override { return "kept"; }
  std::string description() const override { return ""; }
  Index size(Split) const override { return 3; }
  Index length(Split, ExampleId id) const override { return 5 - 2 * id; }
  Index terms(Split split, ExampleId id) const override {
    return form().scored == SequenceForm::Scored::last ? 1 : length(split, id);
  }
  const std::vector<Metric>& metrics() const override {
    static const std::vector<Metric> metrics = {
        {{"error", "error", "", Better::lower, 4}, {"error", "terms"}, mean_over_terms}};
    return metrics;
  }
  SequenceExample example(Split split, ExampleId id) const override {
    SequenceExample example;
    for (Index k = 0; k < 2 * length(split, id); ++k) {
      example.x.push_back(std::sin(static_cast<float>(3 * k + 5 * id)));
    }
    example.targets.assign(static_cast<std::size_t>(terms(split, id) * form().values), 0.25f);
    return example;
  }
  void count(Split, ExampleId id, std::span<const double> outputs, Tally&) const override {
    kept[id].assign(outputs.begin(), outputs.end());
  }

  mutable std::map<ExampleId, std::vector<double>> kept;
};

struct Case {
  Pool pool;
  const char* direction;
  bool layer_norm;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  const char* pool = c.pool == Pool::mean ? "mean " : c.pool == Pool::max ? "max " : "last ";
  return out << pool << c.direction << (c.layer_norm ? " with layer norm" : "");
}

class Pooling : public testing::TestWithParam<Case> {
 protected:
  Index units() const { return GetParam().direction == std::string("both") ? 2 * hidden : hidden; }
  ModelUnderTest model(SequenceForm::Scored scored, Pool pool) const {
    SequenceForm form;
    form.width = 2;
    form.values = units();
    form.scored = scored;
    form.pool = pool;
    form.sight = Sight::whole;
    ModelOptions options;
    options.direction = GetParam().direction;
    options.layer_norm = GetParam().layer_norm;
    return {catalogue().find("lstm"), std::make_unique<Kept>(form), hidden, options};
  }
  // The output layer gives what it reads; biases are not zero.
  static std::vector<Tensor<double>> values(const ModelUnderTest& model) {
    const ParameterSet<double> set(model.parameters(), 3);
    std::vector<Tensor<double>> values = set.values();
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::string& name = set.spec(k).name;
      if (name == "output/W") {
        values[k] = initialise<double>(Initialiser::identity(), set.spec(k).shape, Random(1, "W"));
      } else if (name.ends_with("norm/bias")) {
        std::ranges::fill(std::span(values[k].data(), std::size_t(values[k].numel())), 0.7);
      }
    }
    return values;
  }
  static std::map<ExampleId, std::vector<double>> outputs(const ModelUnderTest& model, Ids ids) {
    Tally tally = tally_of(*model.problem, Split::train);
    TrainedModel(*model.model, values(model)).run([&](const Pass& pass) {
      model.model->count(pass, Split::train, ids, tally);
    });
    return dynamic_cast<const Kept&>(*model.problem).kept;
  }
};

TEST_P(Pooling, IsOverTheStepsOfEachSequenceAlone) {
  const std::vector<ExampleId> ids = {0, 1, 2};
  const ModelUnderTest every = model(SequenceForm::Scored::every, Pool::last);
  const ModelUnderTest pooled = model(SequenceForm::Scored::last, GetParam().pool);
  const auto by_step = outputs(every, ids), given = outputs(pooled, ids);
  for (const ExampleId id : ids) {
    const auto& steps = by_step.at(id);
    ASSERT_EQ(std::ssize(given.at(id)), units());
    ASSERT_EQ(std::ssize(steps), units() * (5 - 2 * id));
    for (std::size_t k = 0; k < given.at(id).size(); ++k) {
      double sum = 0.0, largest = steps[k];
      for (std::size_t at = k; at < steps.size(); at += std::size_t(units())) {
        sum += steps[at];
        largest = std::max(largest, steps[at]);
      }
      // What the second direction ends with is its output at the first step.
      const std::size_t end = k < std::size_t(hidden) ? steps.size() - std::size_t(units()) + k : k;
      const std::map<Pool, double> expected = {{Pool::mean, sum / static_cast<double>(5 - 2 * id)},
                                               {Pool::max, largest},
                                               {Pool::last, steps[end]}};
      EXPECT_NEAR(given.at(id)[k], expected.at(GetParam().pool), 1e-12);
    }
    EXPECT_EQ(outputs(pooled, Ids(&id, 1)).at(id), given.at(id)) << "alone, without padding";
  }
}

// Without lengths all sequences have all steps.
TEST_P(Pooling, AnswersToAnyInputAsInTraining) {
  const std::vector<ExampleId> ids = {0, 1, 2};
  const ModelUnderTest pooled = model(SequenceForm::Scored::last, GetParam().pool);
  const auto given = outputs(pooled, ids);
  const auto& problem = dynamic_cast<const SequenceProblem&>(*pooled.problem);
  const TrainedModel trained(*pooled.model, values(pooled));
  const SequenceBatch batch = problem.batch(Split::train, ids);
  const Tensor<double> all = trained.predict(batch.x, batch.lengths);
  ASSERT_EQ(all.shape(), (Shape{1, 3, units()}));
  for (const ExampleId id : ids) {
    const SequenceBatch alone = problem.batch(Split::train, Ids(&id, 1));
    const Tensor<double> one = trained.predict(alone.x);
    ASSERT_EQ(one.shape(), (Shape{1, 1, units()}));
    for (Index k = 0; k < units(); ++k) {
      const double expected = given.at(id)[static_cast<std::size_t>(k)];
      EXPECT_NEAR(all.data()[id * units() + k], expected, 1e-12);
      EXPECT_NEAR(one.data()[k], expected, 1e-12);
    }
  }
  const ExampleId longest = 0;
  const std::vector<ExampleId> twice = {0, 0};
  const Tensor<double> two = trained.predict(problem.batch(Split::train, twice).x);
  for (Index k = 0; k < 2 * units(); ++k) {
    EXPECT_NEAR(two.data()[k], given.at(longest)[static_cast<std::size_t>(k % units())], 1e-12);
  }
  EXPECT_THAT(error_of<InputError>([&] {
                trained.predict(batch.x, {5, 0, 1});
              }),
              testing::HasSubstr("got a sequence of no steps"));
}

// What reads all steps before it answers can't answer to the second half alone.
TEST_P(Pooling, GoesOnFromStatesWhereTheLastStepIsAll) {
  const ModelUnderTest pooled = model(SequenceForm::Scored::last, GetParam().pool);
  const TrainedModel trained(*pooled.model, values(pooled));
  const auto& problem = dynamic_cast<const SequenceProblem&>(*pooled.problem);
  const ExampleId id = 0;
  const std::vector<float> x = problem.example(Split::train, id).x;
  const auto part = [&](Index from, Index steps) {
    return Tensor<float>::from({steps, 1, 2},
                               {x.begin() + 2 * from, x.begin() + 2 * (from + steps)});
  };
  const ModelStep first = trained.step(part(0, 3));
  if (GetParam().pool != Pool::last || GetParam().direction == std::string("both")) {
    EXPECT_THAT(error_of<InputError>([&] { trained.step(part(3, 2), first.states); }),
                testing::HasSubstr("answers to whole sequences"));
    return;
  }
  const ModelStep second = trained.step(part(3, 2), first.states);
  const Tensor<double> whole = trained.predict(part(0, 5));
  for (Index k = 0; k < units(); ++k) {
    EXPECT_NEAR(second.outputs.data()[k], whole.data()[k], 1e-12);
  }
}

TEST_P(Pooling, HasTheGradientOfDifferences) {
  const ModelUnderTest pooled = model(SequenceForm::Scored::last, GetParam().pool);
  const std::vector<ExampleId> ids = {0, 1, 2};
  const auto error = check_gradients(
      [&](Tape<double>& tape, const std::vector<Var>& vars) {
        return pooled.model->loss(Pass(tape, {pooled.parameters(), vars}), Split::train, ids);
      },
      values(pooled), -1, 40);
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

INSTANTIATE_TEST_SUITE_P(
    SequenceModel, Pooling,
    testing::Values(Case{Pool::mean, "forward", false}, Case{Pool::mean, "both", false},
                    Case{Pool::mean, "forward", true}, Case{Pool::max, "forward", false},
                    Case{Pool::max, "both", false}, Case{Pool::max, "forward", true},
                    Case{Pool::last, "forward", false}, Case{Pool::last, "both", false}));

// 4096 sequences of 4096 steps are as many rows as a float counts.
TEST(SequenceBatch, HasAsManyStepsAsAFloatCounts) {
  class Long final : public SequenceProblem {
   public:
    using SequenceProblem::SequenceProblem;
    std::string name() const override { return "long"; }
    std::string description() const override { return ""; }
    Index size(Split) const override { return 5000; }
    Index length(Split, ExampleId) const override { return 4096; }
    Index terms(Split, ExampleId) const override { return 1; }
    const std::vector<Metric>& metrics() const override {
      static const std::vector<Metric> none;
      return none;
    }
    SequenceExample example(Split, ExampleId) const override {
      return {std::vector<float>(4096, 0.5f), {1.0f}};
    }
    void count(Split, ExampleId, std::span<const double>, Tally&) const override {}
  };
  SequenceForm form;
  form.width = 1;
  const Long problem(form);
  std::vector<ExampleId> ids(4096);
  const SequenceBatch most = problem.batch(Split::train, ids);
  EXPECT_EQ(most.rows.data()[4095], 16777215.0f) << "the last row";
  EXPECT_EQ(most.targets.shape(), (Shape{1, 4096, 1}));
  ids.push_back(0);
  EXPECT_THAT(error_of<InputError>([&] { problem.batch(Split::train, ids); }),
              testing::HasSubstr("got 4097 sequences of 4096 steps side by side, expected at most "
                                 "16777216 steps together"));
}

}  // namespace
}  // namespace carousel
