#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "catalogue.hpp"
#include "task/next_frame_model.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

constexpr Index width = 5;

std::vector<float> list(const Tensor<float>& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

SequenceSet set_of(Index context, OutputKind outputs = OutputKind::bernoulli) {
  SequenceSet set;
  set.train.width = width;
  set.train.context = context;
  set.outputs = outputs;
  return set;
}

template <class T>
class Frames : public testing::Test {
 protected:
  explicit Frames(const char* cell = "lstm_peephole", SequenceSet set = set_of(1))
      : set_(std::move(set)),
        recurrence_(catalogue().find(cell), 6, {.depth = 2}),
        model_(recurrence_, set_, {}) {
    const ParameterSet<T> drawn(model_.parameters(), 3);
    parameters_ = drawn.snapshot();
    for (auto& value : parameters_) {
      // No bias is zero, so that a frame of zeros changes the states.
      for (T& element : value.values()) element = T{2} * element + static_cast<T>(0.1);
    }
  }
  Tensor<T>& parameter(const std::string& name) {
    const auto& specs = model_.parameters();
    const auto found = std::ranges::find(specs, name, &ParameterSpec::name);
    return parameters_[static_cast<std::size_t>(found - specs.begin())];
  }
  SampledFrames draw(Index steps, std::uint64_t seed, const Tensor<float>& start = silence()) {
    return model_.draw_frames({model_, parameters_}, start, steps, seed);
  }
  static Tensor<float> silence() { return Tensor<float>::zeros({1, width}); }

  // The probabilities of every frame that one scan over all windows gives: [rows, width].
  std::vector<double> scanned(const std::vector<float>& frames) {
    const Index context = set_.train.context;
    const Index steps = static_cast<Index>(frames.size()) / width - context;
    std::vector<float> windows;
    for (Index t = 0; t < steps; ++t) {
      const auto first = frames.begin() + t * width;
      windows.insert(windows.end(), first, first + context * width);
    }
    std::vector<double> probabilities;
    const auto x = Tensor<float>::from({steps, 1, context * width}, windows);
    const Tensor<double> logits = TrainedModel(model_, parameters_).predict(x);
    for (const double logit : logits.values()) {
      probabilities.push_back(1.0 / (1.0 + std::exp(-logit)));
    }
    return probabilities;
  }

  SequenceSet set_;
  Recurrence recurrence_;
  NextFrameModel model_;
  std::vector<Tensor<T>> parameters_;
};

using SampleDouble = Frames<double>;
using SampleFloat = Frames<float>;

TEST_F(SampleDouble, TheSameSeedIsTheSameMusic) {
  const auto a = draw(60, 7), b = draw(60, 7), c = draw(60, 8), shorter = draw(20, 7);
  EXPECT_EQ(list(a.frames), list(b.frames));
  EXPECT_NE(list(a.frames), list(c.frames));
  EXPECT_TRUE(std::ranges::equal(shorter.frames.values(), a.frames.values().first(20 * width)));
}

TEST_F(SampleFloat, SaturatedOutputsGiveExactlyTheirNotes) {
  std::ranges::fill(parameter("output/W").values(), 0.0f);
  const std::vector<float> bias = {-100.0f, 100.0f, 100.0f, -100.0f, 100.0f};
  std::ranges::copy(bias, parameter("output/b").values().begin());
  const SampledFrames sampled = draw(7, 1);
  EXPECT_EQ(sampled.frames.shape(), (Shape{7, width}));
  for (Index t = 0; t < 7; ++t) {
    for (std::size_t k = 0; k < bias.size(); ++k) {
      const float expected = bias[k] > 0.0f ? 1.0f : 0.0f;
      EXPECT_EQ(sampled.frames.data()[t * width + static_cast<Index>(k)], expected)
          << t << " " << k;
    }
  }
}

TEST_F(SampleFloat, FrequenciesAreTheProbabilities) {
  std::ranges::fill(parameter("output/W").values(), 0.0f);
  const double wanted[] = {0.02, 0.25, 0.5, 0.8, 0.99};
  for (std::size_t k = 0; k < 5; ++k) {
    parameter("output/b").data()[k] = static_cast<float>(std::log(wanted[k] / (1.0 - wanted[k])));
  }
  constexpr Index steps = 4000;
  const SampledFrames sampled = draw(steps, 11);
  for (Index k = 0; k < width; ++k) {
    double sum = 0.0, both = 0.0;
    for (Index t = 0; t < steps; ++t) {
      sum += sampled.frames.data()[t * width + k];
      both += sampled.frames.data()[t * width + k] * sampled.frames.data()[t * width + (k + 1) % 5];
    }
    const double p = wanted[k], q = wanted[(k + 1) % 5];
    // Four standard deviations.
    EXPECT_NEAR(sum / steps, p, 4.0 * std::sqrt(p * (1.0 - p) / steps)) << k;
    EXPECT_NEAR(both / steps, p * q, 4.0 * std::sqrt(p * q * (1.0 - p * q) / steps)) << k;
  }
}

// The states that go from step to step, and what is drawn goes back in.
TEST_F(SampleDouble, StepByStepIsOneScan) {
  const auto start = Tensor<float>::from({3, width}, {1, 0, 0, 1, 0,  //
                                                      0, 1, 0, 1, 1,  //
                                                      1, 1, 0, 0, 0});
  const SampledFrames sampled = draw(20, 5, start);
  std::vector<float> all = list(start);
  all.insert(all.end(), sampled.frames.values().begin(), sampled.frames.values().end());
  const std::vector<double> expected = scanned(all);
  const std::size_t before = 2 * width;  // predictions within the start
  ASSERT_EQ(expected.size(), before + 20 * width);
  for (std::size_t i = 0; i < 20 * width; ++i) {
    EXPECT_NEAR(sampled.probabilities.data()[i], expected[before + i], 1e-6) << i;
  }
}

struct SampleOfTwoFrames : Frames<double> {
  SampleOfTwoFrames() : Frames("gru_reset_before", set_of(2)) {}
};

TEST_F(SampleOfTwoFrames, AStepReadsItsContext) {
  const auto start = Tensor<float>::from({1, width}, {1, 0, 0, 1, 0});
  const SampledFrames sampled = draw(20, 5, start);
  std::vector<float> all(width, 0.0f);  // the silence in front
  all.insert(all.end(), start.values().begin(), start.values().end());
  all.insert(all.end(), sampled.frames.values().begin(), sampled.frames.values().end());
  const std::vector<double> expected = scanned(all);
  ASSERT_EQ(expected.size(), 20u * width);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(sampled.probabilities.data()[i], expected[i], 1e-6) << i;
  }
  EXPECT_EQ(list(draw(9, 2, Tensor<float>::zeros({0, width})).frames),
            list(draw(9, 2, Tensor<float>::zeros({2, width})).frames));
}

TEST_F(SampleDouble, RefusesWhatDoesNotFit) {
  EXPECT_THAT(error_of<InputError>([&] {
                draw(5, 1, Tensor<float>::zeros({1, 4}));
              }),
              HasSubstr("got a start of [1, 4]"));
  EXPECT_THAT(error_of<InputError>([&] { draw(0, 1); }), HasSubstr("0 steps"));
}

struct SampleOfRealFrames : Frames<double> {
  SampleOfRealFrames() : Frames("rnn_tanh", set_of(1, OutputKind::gaussian_mixture)) {}
};

TEST_F(SampleOfRealFrames, IsRefused) {
  EXPECT_THAT(error_of<InputError>([&] { draw(5, 1); }), HasSubstr("frames of real numbers"));
}

}  // namespace
}  // namespace carousel
