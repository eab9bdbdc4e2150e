#include "task/sequence_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "tape/gradient_check.hpp"

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

}  // namespace
}  // namespace carousel
