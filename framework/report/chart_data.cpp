#include "report/chart_data.hpp"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <cmath>

#include "report/curves.hpp"
#include "report/format.hpp"

namespace carousel {
namespace {

namespace json = boost::json;

// Six decimals are far finer than a pixel and keep the page small.
json::value number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * 1e6) / 1e6;
}

json::array band_json(const std::vector<BandPoint>& band) {
  json::array points;
  for (const BandPoint& p : band) {
    points.push_back(json::array{p.epoch, number(p.seconds), number(p.mean), number(p.low),
                                 number(p.high), number(p.train), p.seeds});
  }
  return points;
}

json::object diverged_json(const TrialRecord& trial) {
  json::array points;
  for (const CurvePoint& p : trial.curve) {
    if (!std::isfinite(p.valid_nll) || !std::isfinite(p.seconds)) continue;
    points.push_back(json::array{p.epoch, number(p.seconds), number(p.valid_nll)});
  }
  // As text: a seed may have more digits than a number of JavaScript.
  return {{"seed", fmt::format("{}", trial.seed)}, {"points", std::move(points)}};
}

json::object series_json(const std::string& label, const SummaryRow& row,
                         const std::vector<TrialRecord>& trials) {
  json::array diverged;
  for (const std::size_t at : row.trials) {
    if (trials[at].status == "diverged") diverged.push_back(diverged_json(trials[at]));
  }
  return {{"label", label},
          {"seeds", row.seeds - row.diverged},
          {"points", band_json(band_of(row, trials))},
          {"diverged", std::move(diverged)}};
}

}  // namespace

std::vector<std::string> series_labels(const std::vector<SummaryRow>& rows) {
  std::vector<std::string> labels;
  for (const SummaryRow& row : rows) {
    bool several_sizes = false;
    bool several_rates = false;
    for (const SummaryRow& other : rows) {
      if (other.dataset != row.dataset || other.name() != row.name()) continue;
      several_sizes |= other.hidden != row.hidden;
      several_rates |= other.learning_rate != row.learning_rate;
    }
    std::string label = row.name();
    if (several_sizes) label += fmt::format(", {} units", row.hidden);
    if (several_rates) label += ", rate " + format_rate(row.learning_rate);
    labels.push_back(label);
  }
  return labels;
}

std::string chart_json(const std::vector<SummaryRow>& rows, const StudyResults& results) {
  const std::vector<std::string> labels = series_labels(rows);
  json::array groups;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    if (at == 0 || rows[at].dataset != rows[at - 1].dataset) {
      groups.push_back({{"dataset", rows[at].dataset}, {"series", json::array()}});
    }
    groups.back().at("series").as_array().push_back(
        series_json(labels[at], rows[at], results.trials));
  }
  return json::serialize(groups);
}

}  // namespace carousel
