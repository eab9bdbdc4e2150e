#include "data/log_mel.hpp"

#include <fftw3.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <mutex>
#include <numbers>
#include <numeric>

#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr double lowest = 20.0;  // Hz
constexpr double floor_of_energy = 1e-6;

double mel_of(double frequency) { return 2595.0 * std::log10(1.0 + frequency / 700.0); }

std::vector<double> hann(Index samples) {
  std::vector<double> weights;
  for (Index n = 0; n < samples; ++n) {
    const double turn = static_cast<double>(n) / static_cast<double>(samples);
    weights.push_back(0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * turn));
  }
  return weights;
}

std::vector<double> mel_filters(const LogMelForm& form, Index points) {
  const double low = mel_of(lowest), high = mel_of(0.5 * form.sample_rate);
  const double apart = (high - low) / static_cast<double>(form.mels + 1);
  std::vector<double> weights;
  for (Index mel = 0; mel < form.mels; ++mel) {
    const double peak = low + apart * static_cast<double>(mel + 1);
    double sum = 0.0;
    for (Index k = 0; k <= points / 2; ++k) {
      const double frequency =
          static_cast<double>(k) * form.sample_rate / static_cast<double>(points);
      weights.push_back(std::max(0.0, 1.0 - std::abs(mel_of(frequency) - peak) / apart));
      sum += weights.back();
    }
    if (!(sum > 0.0)) {
      fail_input(
          "{} mel filters are too many for windows of {} samples: filter {} has no frequency of "
          "their transform, which has {} points; take fewer filters or longer windows",
          form.mels, form.window, mel, points);
    }
  }
  return weights;
}

// FFTW's plans are made by one thread at a time.
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

struct LogMel::Transform {
  // The same plan in every run: it is estimated, not measured.
  explicit Transform(Index points)
      : frame(fftw_alloc_real(static_cast<std::size_t>(points))),
        spectrum(fftw_alloc_complex(static_cast<std::size_t>(points / 2 + 1))) {
    const std::lock_guard lock(planner());
    plan = fftw_plan_dft_r2c_1d(static_cast<int>(points), frame, spectrum, FFTW_ESTIMATE);
  }
  ~Transform() {
    const std::lock_guard lock(planner());
    fftw_destroy_plan(plan);
    fftw_free(frame);
    fftw_free(spectrum);
  }
  Transform(const Transform&) = delete;
  Transform& operator=(const Transform&) = delete;

  double* frame;
  fftw_complex* spectrum;
  fftw_plan plan;
};

LogMel::LogMel(const LogMelForm& form)
    : form_(form),
      points_(static_cast<Index>(std::bit_ceil(static_cast<std::size_t>(form.window)))),
      window_(hann(form.window)),
      filters_(mel_filters(form, points_)),
      transform_(std::make_unique<Transform>(points_)) {}

LogMel::~LogMel() = default;

Index LogMel::frames(Index samples) const {
  return samples < form_.window ? 0 : 1 + (samples - form_.window) / form_.hop;
}

std::span<const double> LogMel::filter(Index mel) const {
  const auto size = static_cast<std::size_t>(points_ / 2 + 1);
  return std::span(filters_).subspan(static_cast<std::size_t>(mel) * size, size);
}

std::vector<float> LogMel::operator()(std::span<const float> samples) const {
  const Transform& transform = *transform_;
  std::vector<double> power(static_cast<std::size_t>(points_ / 2 + 1));
  std::vector<float> energies;
  for (Index t = 0; t < frames(std::ssize(samples)); ++t) {
    const auto from = samples.subspan(static_cast<std::size_t>(t * form_.hop), window_.size());
    std::ranges::transform(from, window_, transform.frame, std::multiplies<double>());
    std::fill(transform.frame + form_.window, transform.frame + points_, 0.0);
    fftw_execute(transform.plan);
    for (std::size_t k = 0; k < power.size(); ++k) {
      const auto& [real, imaginary] = transform.spectrum[k];
      power[k] = real * real + imaginary * imaginary;
    }
    for (Index mel = 0; mel < form_.mels; ++mel) {
      const auto weights = filter(mel);
      const double energy = std::inner_product(power.begin(), power.end(), weights.begin(), 0.0);
      energies.push_back(static_cast<float>(std::log(energy + floor_of_energy)));
    }
  }
  return energies;
}

}  // namespace carousel
