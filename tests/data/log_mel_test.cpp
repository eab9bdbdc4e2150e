// Log-mel energies against a direct Fourier transform, filters against their definition.

#include "data/log_mel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

std::vector<float> noise(Index count) {
  Random random(1, "noise");
  std::vector<float> samples;
  for (Index n = 0; n < count; ++n) samples.push_back(static_cast<float>(0.1 * random.normal()));
  return samples;
}

std::vector<float> tone(Index count, double frequency) {
  std::vector<float> samples;
  for (Index n = 0; n < count; ++n) {
    const double turns = frequency * static_cast<double>(n) / 8000.0;
    samples.push_back(static_cast<float>(0.5 * std::sin(2.0 * std::numbers::pi * turns)));
  }
  return samples;
}

// The definition: every frequency by its own sum over the samples of a frame.
std::vector<double> power_of(std::span<const float> frame, Index points) {
  std::vector<double> power;
  for (Index k = 0; k <= points / 2; ++k) {
    std::complex<double> sum = 0.0;
    for (std::size_t n = 0; n < frame.size(); ++n) {
      const double at = 2.0 * std::numbers::pi * static_cast<double>(n);
      const double weight = 0.5 - 0.5 * std::cos(at / static_cast<double>(frame.size()));
      sum += weight * double(frame[n]) *
             std::polar(1.0, -at * static_cast<double>(k) / static_cast<double>(points));
    }
    power.push_back(std::norm(sum));
  }
  return power;
}

// By hand: 25 ms and 10 ms are 200 and 80 samples; 360 = 200 + 2 * 80.
TEST(LogMel, TakesFramesThatLieInTheRecording) {
  const LogMel log_mel({});
  EXPECT_EQ(log_mel.points(), 256);
  EXPECT_EQ(log_mel.frames(0), 0);
  EXPECT_EQ(log_mel.frames(199), 0);
  EXPECT_EQ(log_mel.frames(200), 1);
  EXPECT_EQ(log_mel.frames(279), 1);
  EXPECT_EQ(log_mel.frames(280), 2);
  EXPECT_EQ(log_mel.frames(359), 2);
  EXPECT_EQ(log_mel.frames(360), 3);
  EXPECT_EQ(log_mel(noise(360)).size(), 3U * 40U);
  EXPECT_EQ(LogMel({.window = 256}).points(), 256);
  EXPECT_EQ(LogMel({.window = 257}).points(), 512);
}

TEST(LogMel, IsTheSumOfFiltersOverADirectTransform) {
  for (const LogMelForm& form :
       {LogMelForm{}, LogMelForm{.window = 96, .hop = 33, .mels = 11}, LogMelForm{.window = 512}}) {
    const LogMel log_mel(form);
    const std::vector<float> samples = noise(700);
    const std::vector<float> frames = log_mel(samples);
    for (Index t = 0; t < log_mel.frames(700); ++t) {
      const auto power = power_of(std::span(samples).subspan(static_cast<std::size_t>(t * form.hop),
                                                             static_cast<std::size_t>(form.window)),
                                  log_mel.points());
      for (Index mel = 0; mel < form.mels; ++mel) {
        const double energy =
            std::inner_product(power.begin(), power.end(), log_mel.filter(mel).begin(), 0.0);
        EXPECT_NEAR(frames[static_cast<std::size_t>(t * form.mels + mel)], std::log(energy + 1e-6),
                    1e-5);
      }
    }
  }
}

TEST(LogMel, OfSilenceIsTheFloor) {
  const std::vector<float> frames = LogMel({})(std::vector<float>(300));
  for (const float x : frames) EXPECT_FLOAT_EQ(x, static_cast<float>(std::log(1e-6)));
}

// By hand: 20 Hz is 31.7485 mel, 4000 Hz 2146.0645; three peaks lie 528.5790 apart, at 560.3275,
// 1088.9065 and 1617.4855 mel: at 450.86, 1139.57 and 2240.40 Hz.
TEST(LogMel, FiltersAreTrianglesOnTheMelScale) {
  const LogMel log_mel({.window = 8000, .mels = 3});
  ASSERT_EQ(log_mel.points(), 8192);
  const double apart = 8000.0 / 8192.0;  // Hz
  const double edges[] = {20.0, 450.86, 1139.57, 2240.40, 4000.0};
  for (Index mel = 0; mel < 3; ++mel) {
    const auto weights = log_mel.filter(mel);
    const auto at = [&](double frequency) {
      return weights[static_cast<std::size_t>(std::lround(frequency / apart))];
    };
    EXPECT_NEAR(at(edges[mel + 1]), 1.0, 3e-3);
    EXPECT_NEAR(at(edges[mel]), 0.0, 3e-3);
    EXPECT_NEAR(at(edges[mel + 2]), 0.0, 3e-3);
    EXPECT_EQ(at(edges[mel] - 2.0), 0.0);
    if (mel < 2) {
      EXPECT_EQ(at(edges[mel + 2] + 2.0), 0.0);
    }
  }
  // Halfway between the first two peaks.
  const double half = 700.0 * (std::pow(10.0, 824.617 / 2595.0) - 1.0);
  EXPECT_NEAR(log_mel.filter(0)[static_cast<std::size_t>(std::lround(half / apart))], 0.5, 2e-3);
}

TEST(LogMel, NeighboursSumToOneBetweenTheFirstPeakAndTheLast) {
  const LogMel log_mel({});
  int seen = 0;
  for (std::size_t k = 0; k <= 128; ++k) {
    double sum = 0.0;
    for (Index mel = 0; mel < 40; ++mel) sum += log_mel.filter(mel)[k];
    const bool inside = k >= 2 && k <= 121;  // 62.5 to 3781 Hz; peaks lie at 53.7 and 3789.8
    if (inside) {
      EXPECT_NEAR(sum, 1.0, 1e-12) << k;
    } else {
      EXPECT_LT(sum, 1.0) << k;
    }
    seen += inside;
  }
  EXPECT_EQ(seen, 120);
}

TEST(LogMel, ATonesFilterIsTheLoudest) {
  const LogMel log_mel({});
  const double low = 2595.0 * std::log10(1.0 + 20.0 / 700.0);
  const double high = 2595.0 * std::log10(1.0 + 4000.0 / 700.0);
  for (const Index mel : {4, 12, 25, 38}) {
    const double peak = low + (high - low) * static_cast<double>(mel + 1) / 41.0;
    const double frequency = 700.0 * (std::pow(10.0, peak / 2595.0) - 1.0);
    const std::vector<float> frames = log_mel(tone(200, frequency));
    EXPECT_EQ(std::ranges::max_element(frames) - frames.begin(), mel) << frequency;
  }
}

TEST(LogMel, RefusesAFilterWithoutAFrequency) {
  EXPECT_THAT(error_of<InputError>([] { LogMel({.window = 80, .hop = 80, .mels = 100}); }),
              testing::AllOf(testing::HasSubstr("100 mel filters are too many for windows of 80"),
                             testing::HasSubstr("fewer filters or longer windows")));
}

}  // namespace
}  // namespace carousel
