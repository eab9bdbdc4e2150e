// The clipped gradient of a batch, within the range of float and beyond it.

#include "train/batch_gradient.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

constexpr Index kHidden = 48;
constexpr Index kSteps = 900;

SequenceSplit one_long_sequence(std::uint64_t seed) {
  Random random(seed, 0);
  std::vector<float> frames(std::size_t(kSteps) * 8);
  for (float& key : frames) key = random.uniform() < 0.3 ? 1.0f : 0.0f;
  SequenceSplit split;
  split.width = 8;
  split.add(frames);
  return split;
}

// A tanh unit whose gradient grows from step to step when its recurrent weights are large.
class BatchGradientTest : public testing::Test {
 protected:
  BatchGradientTest() {
    options_.optimiser.rule = "rmsprop";
    options_.optimiser.learning_rate = 1e-5;
    options_.batch = 1;
    options_.clip_norm = 1.0;
  }

  template <class T>
  std::vector<Tensor<T>> values(double recurrent_scale) const {
    const ParameterSet<float> parameters(model_.parameters(), 1);
    std::vector<Tensor<T>> values;
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      const bool recurrent = parameters.spec(k).name == "layers/0/forward/U_h";
      values.push_back(Tensor<T>::uninitialised(parameters.value(k).shape()));
      for (Index i = 0; i < values[k].numel(); ++i) {
        // Rounded to float, so that both precisions begin with the same numbers.
        const float value = parameters.value(k).data()[i] * float(recurrent ? recurrent_scale : 1);
        values[k].data()[i] = static_cast<T>(value);
      }
    }
    return values;
  }

  static double norm_of(const std::vector<Tensor<float>>& gradients) {
    double square = 0.0;
    for (const auto& g : gradients) {
      for (const float v : g.values()) square += double(v) * double(v);
    }
    return std::sqrt(square);
  }

  ModelUnderTest under_test_{catalogue().find("rnn_tanh"),
                             next_frame_problem({"long", "made", one_long_sequence(1),
                                                 one_long_sequence(2), one_long_sequence(3)}),
                             kHidden};
  const Model& model_ = *under_test_.model;
  const Problem& problem_ = *under_test_.problem;
  TrainOptions options_;
  const Batch first_{0};
};

TEST_F(BatchGradientTest, BeyondFloatItIsThatOfDouble) {
  BatchGradient<float> floats(model_, problem_, options_);
  BatchGradient<double> doubles(model_, problem_, options_);
  const auto result = floats.compute(values<float>(3.0), first_);
  const auto expected = doubles.compute(values<double>(3.0), first_);
  ASSERT_TRUE(result.overflow);
  EXPECT_GT(expected.norm, double(std::numeric_limits<float>::max()));
  EXPECT_EQ(result.norm, expected.norm);
  EXPECT_EQ(result.terms, kSteps - 1);
  EXPECT_NEAR(norm_of(floats.gradients()), 1.0, 1e-5);
  for (std::size_t k = 0; k < floats.gradients().size(); ++k) {
    for (Index i = 0; i < floats.gradients()[k].numel(); ++i) {
      ASSERT_EQ(floats.gradients()[k].data()[i], float(doubles.gradients()[k].data()[i])) << k;
    }
  }
}

TEST_F(BatchGradientTest, BeyondFloatTheMasksAreTheSame) {
  const ModelUnderTest masked(catalogue().find("rnn_tanh"),
                              next_frame_problem({"long", "made", one_long_sequence(1),
                                                  one_long_sequence(2), one_long_sequence(3)}),
                              kHidden, {.dropout_output = 0.5});
  const MaskSeed masks{1, 2};
  BatchGradient<float> floats(*masked.model, *masked.problem, options_);
  BatchGradient<double> doubles(*masked.model, *masked.problem, options_);
  const auto result = floats.compute(values<float>(3.0), first_, {&masks, nullptr});
  ASSERT_TRUE(result.overflow);
  EXPECT_EQ(result.norm, doubles.compute(values<double>(3.0), first_, {&masks, nullptr}).norm);
}

TEST_F(BatchGradientTest, WithinFloatNothingIsComputedTwice) {
  BatchGradient<float> gradient(model_, problem_, options_);
  const auto result = gradient.compute(values<float>(1.0), first_);
  EXPECT_FALSE(result.overflow);
  EXPECT_TRUE(std::isfinite(result.norm));
  EXPECT_NEAR(norm_of(gradient.gradients()), std::min(result.norm, 1.0), 1e-5);
}

TEST_F(BatchGradientTest, WithoutClippingThereIsNothingToBringIntoRange) {
  options_.clip_norm = 0.0;
  BatchGradient<float> gradient(model_, problem_, options_);
  const auto result = gradient.compute(values<float>(3.0), first_);
  EXPECT_FALSE(result.overflow);
  EXPECT_TRUE(std::isfinite(result.loss));
  EXPECT_FALSE(std::isfinite(result.norm));
}

TEST_F(BatchGradientTest, ATrialGoesOnAndCountsSuchUpdates) {
  options_.epochs = 3;
  options_.weight_noise = 0.4;
  TrialRecord record;
  record.cell = "rnn_tanh";
  record.hidden = kHidden;
  record.seed = 1;
  record.learning_rate = 1e-5;
  const auto trainer = make_trainer(model_, under_test_.recurrence, problem_, options_, record);
  const std::atomic<bool> stop{false};
  ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::finished) << trainer->divergence();
  EXPECT_EQ(trainer->record().overflows, 3);
  const auto again = make_trainer(model_, under_test_.recurrence, problem_, options_, record);
  again->load(trainer->save());
  EXPECT_EQ(again->record().overflows, 3);
}

TEST_F(BatchGradientTest, ElementsAreClippedToTheirLargestValue) {
  const auto largest = [&](double limit) {
    options_.clip_norm = 0.0;
    options_.clip_value = limit;
    BatchGradient<float> gradient(model_, problem_, options_);
    gradient.compute(values<float>(1.0), first_);
    float most = 0.0f;
    for (const auto& g : gradient.gradients()) {
      for (const float v : g.values()) most = std::max(most, std::abs(v));
    }
    return most;
  };
  EXPECT_GT(largest(0.0), 1e-3f);
  EXPECT_EQ(largest(1e-3), 1e-3f);
}

TEST_F(BatchGradientTest, WithoutClippingATrialEndsThere) {
  options_.clip_norm = 0.0;
  options_.weight_noise = 0.4;
  TrialRecord record;
  record.seed = 1;
  record.learning_rate = 1e-5;
  const auto trainer = make_trainer(model_, under_test_.recurrence, problem_, options_, record);
  const std::atomic<bool> stop{false};
  ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::diverged);
  EXPECT_THAT(trainer->divergence(), testing::StartsWith("the norm of the gradient is "));
}

TEST_F(BatchGradientTest, BeyondFloatSmallLimitsHoldToo) {
  options_.clip_norm = 0.05;
  BatchGradient<float> by_norm(model_, problem_, options_);
  EXPECT_TRUE(by_norm.compute(values<float>(3.0), first_).overflow);
  EXPECT_NEAR(norm_of(by_norm.gradients()), 0.05, 1e-6);
  options_.clip_norm = 0.0;
  options_.clip_value = 0.05;
  BatchGradient<float> by_value(model_, problem_, options_);
  EXPECT_TRUE(by_value.compute(values<float>(3.0), first_).overflow);
  float most = 0.0f;
  for (const auto& g : by_value.gradients()) {
    for (const float v : g.values()) most = std::max(most, std::abs(v));
  }
  EXPECT_EQ(most, 0.05f);
}

// A stream of two letters: its second piece goes on from the states behind the first one.
TEST_F(BatchGradientTest, BeyondFloatItGoesOnFromWhatWasHandedOn) {
  const TemporaryFolder folder;
  Random random(3, "letters");
  std::string text;
  for (int k = 0; k < 6 * kSteps; ++k) text += random.uniform() < 0.3 ? 'a' : 'b';
  std::ofstream(folder / "letters.txt") << text;
  const Task& task = find_task("language_model");
  TaskOptions on(task.options);
  on.set("data", (folder / "letters.txt").string());
  on.set("steps", std::to_string(kSteps));
  const ModelUnderTest stream(catalogue().find("rnn_tanh"), task.set_up(on, {}), kHidden);
  const ParameterSet<float> start(stream.parameters(), 1);
  std::vector<Tensor<float>> values;
  std::vector<Tensor<double>> in_double;
  for (std::size_t k = 0; k < start.size(); ++k) {
    values.push_back(start.value(k).clone());
    in_double.push_back(Tensor<double>::uninitialised(start.value(k).shape()));
    const bool recurrent = start.spec(k).name == "layers/0/forward/U_h";
    for (Index i = 0; i < values[k].numel(); ++i) {
      if (recurrent) values[k].data()[i] *= 3.0f;
      in_double[k].data()[i] = values[k].data()[i];
    }
  }
  BatchGradient<float> floats(*stream.model, *stream.problem, options_);
  BatchGradient<double> doubles(*stream.model, *stream.problem, options_);
  Carried<float> carried;
  floats.compute(values, first_, {nullptr, &carried});
  ASSERT_EQ(carried.size(), 1u);
  Carried<double> same(1);
  for (const Tensor<float>& state : carried[0]) {
    same[0].push_back(Tensor<double>::uninitialised(state.shape()));
    std::ranges::copy(state.values(), same[0].back().data());
  }
  const Batch second{1};
  const auto result = floats.compute(values, second, {nullptr, &carried});
  const auto anew = doubles.compute(in_double, second, {nullptr, nullptr});
  const auto expected = doubles.compute(in_double, second, {nullptr, &same});
  ASSERT_TRUE(result.overflow);
  EXPECT_EQ(result.norm, expected.norm);
  EXPECT_NE(result.norm, anew.norm);
}

}  // namespace
}  // namespace carousel
