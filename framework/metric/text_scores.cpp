#include "metric/text_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "data/text.hpp"

namespace carousel {
namespace {

constexpr std::size_t bleu_orders = 4, chrf_orders = 6;

struct NgramCounts {
  double matched = 0.0, written = 0.0, reference = 0.0;
};

using Symbols = std::span<const std::string>;

std::map<std::vector<std::string>, int> ngrams_of(Symbols symbols, std::size_t n) {
  std::map<std::vector<std::string>, int> counts;
  for (std::size_t at = 0; at + n <= symbols.size(); ++at) {
    const Symbols ngram = symbols.subspan(at, n);
    ++counts[{ngram.begin(), ngram.end()}];
  }
  return counts;
}

NgramCounts compared(Symbols written, Symbols reference, std::size_t n) {
  const auto number = [&](Symbols all) {
    return static_cast<double>(all.size() < n ? 0 : all.size() - n + 1);
  };
  NgramCounts counts{0.0, number(written), number(reference)};
  const auto in_reference = ngrams_of(reference, n);
  for (const auto& [ngram, count] : ngrams_of(written, n)) {
    const auto found = in_reference.find(ngram);
    if (found != in_reference.end()) counts.matched += std::min(count, found->second);
  }
  return counts;
}

std::string count_name(const char* score, const char* what, std::size_t n) {
  return fmt::format("{}_{}_{}", score, what, n);
}

std::vector<std::string> characters_of(Symbols words) {
  std::vector<std::string> characters;
  for (const std::string& word : words) {
    for (std::string& character : symbols_of(word, false)) {
      characters.push_back(std::move(character));
    }
  }
  return characters;
}

std::vector<double> sums_of(std::span<const std::span<const double>> columns) {
  std::vector<double> sums;
  for (const auto& column : columns) {
    sums.push_back(std::accumulate(column.begin(), column.end(), 0.0));
  }
  return sums;
}

}  // namespace

std::vector<std::string> bleu_count_names() {
  std::vector<std::string> names;
  for (const char* what : {"matched", "written"}) {
    for (std::size_t n = 1; n <= bleu_orders; ++n) names.push_back(count_name("bleu", what, n));
  }
  names.push_back(count_name("bleu", "reference", 1));
  return names;
}

double bleu(std::span<const std::span<const double>> columns) {
  const std::vector<double> sums = sums_of(columns);
  const double* matched = sums.data();
  const double* written = sums.data() + bleu_orders;
  const double reference = sums.back();
  if (!(reference > 0.0)) return not_known;
  double logs = 0.0;
  for (std::size_t n = 0; n < bleu_orders; ++n) {
    if (!(matched[n] > 0.0)) return 0.0;
    logs += std::log(matched[n] / written[n]) / static_cast<double>(bleu_orders);
  }
  return 100.0 * std::exp(logs + std::min(0.0, 1.0 - reference / written[0]));
}

void count_bleu(Symbols written, Symbols reference, Index example, Tally& tally) {
  for (std::size_t n = 1; n <= bleu_orders; ++n) {
    const NgramCounts counts = compared(written, reference, n);
    tally.at(count_name("bleu", "matched", n), example) = counts.matched;
    tally.at(count_name("bleu", "written", n), example) = counts.written;
  }
  tally.at(count_name("bleu", "reference", 1), example) = static_cast<double>(reference.size());
}

std::vector<std::string> chrf_count_names() {
  std::vector<std::string> names;
  for (const char* what : {"matched", "written", "reference"}) {
    for (std::size_t n = 1; n <= chrf_orders; ++n) names.push_back(count_name("chrf", what, n));
  }
  return names;
}

double chrf(std::span<const std::span<const double>> columns) {
  constexpr double beta_squared = 4.0;
  const std::vector<double> sums = sums_of(columns);
  const double* matched = sums.data();
  const double* written = matched + chrf_orders;
  const double* reference = written + chrf_orders;
  if (!(reference[0] > 0.0)) return not_known;
  double precision = 0.0, recall = 0.0, orders = 0.0;
  for (std::size_t n = 0; n < chrf_orders; ++n) {
    if (!(written[n] > 0.0) || !(reference[n] > 0.0)) continue;
    precision += matched[n] / written[n];
    recall += matched[n] / reference[n];
    orders += 1.0;
  }
  if (!(precision + recall > 0.0)) return 0.0;
  precision /= orders;
  recall /= orders;
  return 100.0 * (1.0 + beta_squared) * precision * recall / (beta_squared * precision + recall);
}

void count_chrf(Symbols written, Symbols reference, Index example, Tally& tally) {
  const std::vector<std::string> a = characters_of(written), b = characters_of(reference);
  for (std::size_t n = 1; n <= chrf_orders; ++n) {
    const NgramCounts counts = compared(a, b, n);
    tally.at(count_name("chrf", "matched", n), example) = counts.matched;
    tally.at(count_name("chrf", "written", n), example) = counts.written;
    tally.at(count_name("chrf", "reference", n), example) = counts.reference;
  }
}

namespace {

// In percent.
double exact(std::span<const std::span<const double>> columns) {
  return 100.0 * mean_over_terms(columns);
}

}  // namespace

const std::vector<Metric>& text_metrics() {
  static const std::vector<Metric> metrics = {
      {{"bleu", "BLEU", "", Better::higher, 2}, bleu_count_names(), bleu},
      {{"chrf", "chrF2", "", Better::higher, 2}, chrf_count_names(), chrf},
      {{"exact", "exact", "percent", Better::higher, 2}, {"same", "written"}, exact}};
  return metrics;
}

void count_text(Symbols written, Symbols reference, Index example, Tally& tally) {
  count_bleu(written, reference, example, tally);
  count_chrf(written, reference, example, tally);
  tally.at("same", example) = std::ranges::equal(written, reference) ? 1.0 : 0.0;
  tally.at("written", example) = 1.0;
}

}  // namespace carousel
