// What the tasks that make their data share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "catalogue.hpp"
#include "task/generated_problem.hpp"
#include "task/sequence_model.hpp"
#include "temporary_folder.hpp"
#include "train/batches.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::unique_ptr<GeneratedProblem>> all_problems() {
  std::vector<std::unique_ptr<GeneratedProblem>> all;
  for (const Task& task : tasks()) {
    if (task.options.back().name != "test") continue;  // it reads data
    all.push_back(generated_problem(task.name));
  }
  return all;
}

TEST(GeneratedProblem, AnExampleIsAFunctionOfSplitAndNumber) {
  std::set<std::vector<float>> seen;
  std::size_t made = 0;
  for (const auto& problem : all_problems()) {
    if (problem->generated().task == "reber") continue;  // has few strings
    for (const Split split : all_splits) {
      for (const ExampleId id : {ExampleId{0}, ExampleId{1}, ExampleId{1} << 61}) {
        const SequenceExample example = problem->example(split, id);
        EXPECT_EQ(example.x, problem->example(split, id).x);
        EXPECT_EQ(example.targets, problem->example(split, id).targets);
        seen.insert(example.x);
        ++made;
      }
    }
  }
  EXPECT_GE(made, 5U * 9U);
  EXPECT_EQ(seen.size(), made) << "two examples are the same";
}

TEST(GeneratedProblem, LengthsAndTermsAreThoseOfTheExamples) {
  for (const auto& problem : all_problems()) {
    for (ExampleId id = 0; id < 50; ++id) {
      const SequenceExample example = problem->example(Split::valid, id);
      EXPECT_EQ(problem->length(Split::valid, id) * problem->form().width, std::ssize(example.x));
      EXPECT_EQ(problem->terms(Split::valid, id), std::ssize(example.targets));
      EXPECT_TRUE(example.possible.empty() || example.possible.size() == example.targets.size());
    }
  }
}

TEST(GeneratedProblem, TrainingExamplesAreNewInEveryEpoch) {
  const auto problem = generated_problem("adding", {{"examples", "40"}});
  EXPECT_EQ(problem->order(), Order::fresh);
  std::set<ExampleId> ids;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (const Batch& batch : training_batches(*problem, 8, 1, epoch)) {
      ids.insert(batch.begin(), batch.end());
    }
  }
  EXPECT_EQ(ids.size(), 120U);
}

TEST(GeneratedProblem, SizesAreThoseOfTheOptions) {
  const auto problem =
      generated_problem("latch", {{"examples", "3"}, {"valid", "4"}, {"test", "5"}});
  EXPECT_EQ(problem->size(Split::train), 3);
  EXPECT_EQ(problem->size(Split::valid), 4);
  EXPECT_EQ(problem->size(Split::test), 5);
  EXPECT_EQ(problem->description(),
            "latch_100: the class of the first 3 values of 100 to 110. 3 new training sequences an "
            "epoch, 4 of validation, 5 of test; the last step is scored.");
}

TEST(GeneratedProblem, ABatchIsPaddedAndKnowsWhereItIsScored) {
  const auto problem = generated_problem("reber");
  Batch ids{0};
  while (problem->length(Split::test, ids.back()) == problem->length(Split::test, 0)) {
    ids = {0, ids.back() + 1};
  }
  const SequenceBatch batch = problem->batch(Split::test, ids);
  const Index steps = std::max(batch.lengths[0], batch.lengths[1]);
  ASSERT_EQ(batch.x.shape(), (Shape{steps, 2, 7}));
  Index row = 0;
  for (Index b = 0; b < 2; ++b) {
    const SequenceExample example = problem->example(Split::test, ids[std::size_t(b)]);
    EXPECT_EQ(batch.lengths[std::size_t(b)], std::ssize(example.targets));
    for (Index t = 0; t < steps; ++t) {
      const bool inside = t < batch.lengths[std::size_t(b)];
      for (Index i = 0; i < 7; ++i) {
        EXPECT_EQ(batch.x.data()[(t * 2 + b) * 7 + i],
                  inside ? example.x[std::size_t(t * 7 + i)] : 0.0f);
      }
      if (!inside) continue;
      EXPECT_EQ(batch.rows.data()[row], float(t * 2 + b));
      EXPECT_EQ(batch.targets.data()[row], example.targets[std::size_t(t)]);
      ++row;
    }
  }
  EXPECT_EQ(batch.rows.shape(), (Shape{1, row}));
}

TEST(GeneratedProblem, OnlyTheLastStepOfASumIsRead) {
  const auto problem = generated_problem("adding", {{"lag", "20"}});
  const Batch ids{3, 4, 5};
  const SequenceBatch batch = problem->batch(Split::train, ids);
  ASSERT_EQ(batch.rows.shape(), (Shape{1, 3}));
  for (Index b = 0; b < 3; ++b) {
    EXPECT_EQ(batch.rows.data()[b], float((batch.lengths[std::size_t(b)] - 1) * 3 + b));
  }
}

// Without weights the outputs are the last bias.
TEST(SequenceModel, ScoresItsOutputs) {
  for (const auto& problem : all_problems()) {
    Recurrence recurrence(catalogue().find("rnn_tanh"), 4);
    const auto model = problem->model(recurrence);
    std::vector<Tensor<double>> values;
    for (const ParameterSpec& spec : model->parameters()) {
      values.push_back(Tensor<double>::zeros(spec.shape));
    }
    std::vector<double> bias(static_cast<std::size_t>(problem->form().outputs()));
    for (std::size_t k = 0; k < bias.size(); ++k) bias[k] = std::sin(double(k) + 1.0);
    std::ranges::copy(bias, values.back().data());
    const Batch ids{2, 0};
    double expected = 0.0;
    Tally tally = tally_of(*problem, Split::valid), counted = tally;
    for (const ExampleId id : ids) {
      const SequenceExample example = problem->example(Split::valid, id);
      std::vector<double> outputs;
      for (const float target : example.targets) {
        outputs.insert(outputs.end(), bias.begin(), bias.end());
        double total = 0.0;
        for (const double b : bias) total += std::exp(b);
        expected += problem->form().classes > 0
                        ? std::log(total) - bias[static_cast<std::size_t>(target)]
                        : std::pow(bias[0] - double(target), 2);
      }
      problem->count(Split::valid, id, outputs, counted);
    }
    const TrainedModel trained(*model, values);
    trained.run([&](const Pass& pass) {
      EXPECT_NEAR(pass.values(model->loss(pass, Split::valid, ids))[0], expected, 1e-6 * expected)
          << problem->name();
      model->count(pass, Split::valid, ids, tally);
    });
    for (const std::string& count : tally.counts()) {
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(tally.column(count)[i], counted.column(count)[i], 1e-12) << problem->name();
      }
    }
  }
}

TEST(GeneratedProblem, OptionsOutOfRangeAreNamed) {
  EXPECT_THAT(error_of<InputError>([] {
                generated_problem("adding", {{"lag", "11"}});
              }),
              AllOf(HasSubstr("lag is '11'"), HasSubstr("12 to 100000")));
  EXPECT_THAT(error_of<InputError>([] {
                generated_problem("latch", {{"lag", "20"}, {"informed", "20"}});
              }),
              AllOf(HasSubstr("informed is 20"), HasSubstr("less than lag")));
}

// Half a count a class, spread by the shares of all steps, where each class has half a count more.
// Steps that no training string has get these shares.
TEST(GeneratedProblem, TheFrequenciesOfClassesAreThoseOfTheTrainingSplit) {
  const auto problem =
      generated_problem("reber", {{"examples", "9"}, {"valid", "60"}, {"test", "150"}});
  std::vector<std::vector<double>> counts;
  std::vector<double> all(7, 0.5);
  for (ExampleId id = 0; id < 9; ++id) {
    const std::vector<float> targets = problem->example(Split::train, id).targets;
    if (counts.size() < targets.size()) counts.resize(targets.size(), std::vector<double>(7));
    for (std::size_t t = 0; t < targets.size(); ++t) {
      ++counts[t][static_cast<std::size_t>(targets[t])];
      ++all[static_cast<std::size_t>(targets[t])];
    }
  }
  const auto sum = [](const std::vector<double>& x) {
    double total = 0.0;
    for (const double v : x) total += v;
    return total;
  };
  const Figures figures = problem->baselines().at(0).figures;
  bool is_longer = false;
  for (const Split split : all_splits) {
    double nats = 0.0, terms = 0.0;
    for (ExampleId id = 0; id < problem->size(split); ++id) {
      const std::vector<float> targets = problem->example(split, id).targets;
      is_longer |= targets.size() > counts.size() + 1;
      for (std::size_t t = 0; t < targets.size(); ++t, ++terms) {
        const auto target = static_cast<std::size_t>(targets[t]);
        const double share = all[target] / sum(all);
        nats -= t < counts.size()
                    ? std::log((counts[t][target] + 0.5 * share) / (sum(counts[t]) + 0.5))
                    : std::log(share);
      }
    }
    EXPECT_NEAR(figure_of(figures, "nll", split), nats / terms, 1e-12);
  }
  EXPECT_TRUE(is_longer) << "a string goes two steps beyond all training strings";
}

TEST(GeneratedProblem, TheMeanTargetIsThatOfTheTrainingSplit) {
  const auto problem =
      generated_problem("adding", {{"examples", "7"}, {"valid", "9"}, {"test", "11"}});
  double mean = 0.0;
  for (ExampleId id = 0; id < 7; ++id) {
    mean += double(problem->example(Split::train, id).targets[0]) / 7.0;
  }
  const Figures figures = problem->baselines().at(0).figures;
  for (const Split split : all_splits) {
    double squares = 0.0;
    for (ExampleId id = 0; id < problem->size(split); ++id) {
      squares += std::pow(double(problem->example(split, id).targets[0]) - mean, 2);
    }
    EXPECT_NEAR(figure_of(figures, "error", split),
                squares / static_cast<double>(problem->size(split)), 1e-12);
  }
}

TEST(OneHot, IsOneAtTheNumber) {
  EXPECT_THAT(one_hot(std::vector<Index>{2, 0}, 3), ElementsAre(0, 0, 1, 1, 0, 0));
}

}  // namespace
}  // namespace carousel
