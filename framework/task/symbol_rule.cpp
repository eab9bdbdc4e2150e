#include "task/symbol_rule.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace carousel {
namespace {

void expect_valid(const SymbolRule& rule) {
  if (!(rule.temperature >= 0.0) || !std::isfinite(rule.temperature)) {
    fail_input("got a temperature of {}, expected 0 or more", rule.temperature);
  }
  if (rule.top_k < 0) fail_input("got top_k {}, expected 0 or more", rule.top_k);
  if (!(rule.top_p > 0.0) || !(rule.top_p <= 1.0)) {
    fail_input("got top_p {}, expected it above 0 to 1", rule.top_p);
  }
}

}  // namespace

std::size_t draw_symbol(std::span<const double> logits, const SymbolRule& rule, Random& random) {
  expect_valid(rule);
  std::vector<std::size_t> places(logits.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::stable_sort(places,
                           [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  if (rule.temperature == 0.0) return places[0];
  if (rule.top_k > 0) places.resize(std::min(places.size(), static_cast<std::size_t>(rule.top_k)));
  std::vector<double> weights;
  for (const std::size_t place : places) {
    weights.push_back(std::exp((logits[place] - logits[places[0]]) / rule.temperature));
  }
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t kept = 0;
  double sum = 0.0;
  while (kept < weights.size() && sum < rule.top_p * all) sum += weights[kept++];
  double left = random.uniform() * sum;
  for (std::size_t k = 0; k + 1 < kept; ++k) {
    left -= weights[k];
    if (left < 0.0) return places[k];
  }
  return places[kept - 1];
}

}  // namespace carousel
