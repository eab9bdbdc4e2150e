#include "task/vector_exhibits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "metric/tsne.hpp"

namespace carousel {
namespace {

// Into the square from 0 to 1 with the shape as it is; the longer side fills it.
Tensor<float> in_unit_square(const Tensor<double>& places) {
  const Index n = places.shape()[0];
  std::array<double, 2> middle{};
  double extent = 0.0;
  for (Index axis = 0; axis < 2; ++axis) {
    double low = places.data()[axis], high = low;
    for (Index i = 0; i < n; ++i) {
      low = std::min(low, places.data()[2 * i + axis]);
      high = std::max(high, places.data()[2 * i + axis]);
    }
    middle[static_cast<std::size_t>(axis)] = (low + high) / 2.0;
    extent = std::max(extent, high - low);
  }
  if (extent == 0.0) extent = 1.0;
  auto out = Tensor<float>::uninitialised({n, 2});
  for (Index k = 0; k < 2 * n; ++k) {
    const double share = (places.data()[k] - middle[static_cast<std::size_t>(k % 2)]) / extent;
    out.data()[k] = static_cast<float>(std::clamp(0.5 + share, 0.0, 1.0));
  }
  return out;
}

double product(const Tensor<double>& vectors, Index a, Index b) {
  const Index d = vectors.shape()[1];
  const double* of_a = vectors.data() + a * d;
  return std::inner_product(of_a, of_a + d, vectors.data() + b * d, 0.0);
}

// 0 where a vector has no direction.
double cosine(const Tensor<double>& vectors, Index a, Index b) {
  const double lengths = std::sqrt(product(vectors, a, a) * product(vectors, b, b));
  const double value = product(vectors, a, b) / lengths;
  return std::isfinite(value) ? value : 0.0;
}

}  // namespace

std::optional<Exhibit> map_of(const std::string& title, const std::vector<std::string>& names,
                              const Tensor<double>& vectors) {
  constexpr std::size_t fewest = 16;
  constexpr double most_perplexity = 30.0;
  const bool finite =
      std::ranges::all_of(vectors.values(), [](double v) { return std::isfinite(v); });
  if (names.size() < fewest || !finite) return std::nullopt;
  const double third = static_cast<double>(names.size() - 1) / 3.0;
  const Tensor<double> places = tsne(vectors, std::min(most_perplexity, third));
  return Exhibit{"map",
                 title,
                 {{"places", in_unit_square(places)}},
                 {},
                 {{"labels", fmt::format("{}", fmt::join(names, "\n"))}}};
}

Exhibit nearest_of(const std::string& title, const std::vector<std::string>& names,
                   const Tensor<double>& vectors) {
  constexpr Index most_asked = 12, most_near = 5;
  const Index n = std::ssize(names), asked = std::min(most_asked, n);
  std::vector<std::string> lines;
  for (Index k = 0; k < asked; ++k) {
    const Index of = k * n / asked;
    std::vector<std::pair<double, Index>> others;  // less the cosine, so that the nearest is first
    for (Index i = 0; i < n; ++i) {
      if (i != of) others.emplace_back(-cosine(vectors, of, i), i);
    }
    std::ranges::sort(others);
    std::vector<std::string> near;
    for (const auto& [less, i] : others) {
      if (std::ssize(near) == most_near) break;
      near.push_back(fmt::format("{} {:.2f}", names[static_cast<std::size_t>(i)], -less));
    }
    lines.push_back(
        fmt::format("{}: {}", names[static_cast<std::size_t>(of)], fmt::join(near, ", ")));
  }
  return {
      "text", title, {}, {}, {{"prime", ""}, {"text", fmt::format("{}", fmt::join(lines, "\n"))}}};
}

}  // namespace carousel
