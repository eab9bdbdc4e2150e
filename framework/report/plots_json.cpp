#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "report/format.hpp"
#include "report/plots.hpp"
#include "study/settings.hpp"

namespace carousel {
namespace {

namespace json = boost::json;

// Six decimals are far finer than a pixel and keep the page small.
json::value number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * 1e6) / 1e6;
}

// A learning rate may be smaller than that, and data of any size.
json::value exact(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

template <class T, class ToJson>
json::array array_of(const std::vector<T>& list, ToJson to_json) {
  json::array array;
  array.reserve(list.size());
  for (const T& item : list) array.push_back(to_json(item));
  return array;
}

json::value band_json(const BandPoint& p) {
  return json::array{p.epoch,       p.updates,      number(p.seconds), number(p.mean),
                     number(p.low), number(p.high), number(p.train),   p.seeds};
}

json::value diverged_json(const DivergedCurve& curve) {
  const auto point = [](const CurvePoint& p) -> json::value {
    return json::array{p.epoch, p.updates, number(p.seconds), number(p.valid.front())};
  };
  // As text: a seed may have more digits than a number of JavaScript.
  return {{"seed", fmt::format("{}", curve.seed)}, {"points", array_of(curve.points, point)}};
}

json::value sweep_json(const KeySweep& sweep) {
  const bool numbers = std::ranges::all_of(
      sweep.points, [](const SearchPoint& p) { return number_in(p.value).has_value(); });
  const auto point = [&](const SearchPoint& p) -> json::value {
    const json::value value = numbers ? exact(*number_in(p.value)) : json::value(p.value);
    return json::array{value, number(p.valid), p.draw, p.status, p.chosen};
  };
  return {{"key", sweep.key}, {"points", array_of(sweep.points, point)}};
}

json::value tuning_json(const TuningPoint& p) {
  return json::array{p.draws, number(p.expected), number(p.finite)};
}

json::value series_json(const PlotSeries& series) {
  return {{"label", series.label},
          {"seeds", series.seeds},
          {"points", array_of(series.band, band_json)},
          {"diverged", array_of(series.diverged, diverged_json)},
          {"sweeps", array_of(series.sweeps, sweep_json)},
          {"tuning", array_of(series.tuning, tuning_json)}};
}

json::value dataset_json(const PlotDataset& set) {
  const bool trains = std::ranges::any_of(set.series, [](const PlotSeries& series) {
    return std::ranges::any_of(series.band,
                               [](const BandPoint& p) { return std::isfinite(p.train); });
  });
  return {{"dataset", set.dataset},
          {"metric",
           {{"title", set.metric.title},
            {"axis", title_with_unit(set.metric)},
            {"higher", set.metric.better == Better::higher},
            {"decimals", set.metric.decimals}}},
          {"train", trains},
          {"series", array_of(set.series, series_json)}};
}

json::value roll_json(const PlotRoll& roll) {
  const auto pitches = [](const std::vector<int>& row) -> json::value {
    return array_of(row, [](int pitch) -> json::value { return pitch; });
  };
  const auto expected = [](const std::vector<int>& row) -> json::value {
    return array_of(row,
                    [](int value) -> json::value { return value < 0 ? json::value() : value; });
  };
  return {{"dataset", roll.dataset},
          {"cell", roll.cell},
          {"sequence", roll.sequence},
          {"lowest", roll.lowest},
          {"keys", roll.keys},
          {"notes", array_of(roll.notes, pitches)},
          {"expected", array_of(roll.expected, expected)}};
}

json::value line_json(const PlotLines::Line& line) {
  return {
      {"label", line.label}, {"truth", line.is_truth}, {"values", array_of(line.values, exact)}};
}

json::value lines_json(const PlotLines& lines) {
  return {{"dataset", lines.dataset},
          {"title", lines.title},
          {"x_title", lines.x_title},
          {"y_title", lines.y_title},
          {"first", lines.first},
          {"log", lines.log_scale},
          {"lines", array_of(lines.lines, line_json)}};
}

json::value map_json(const PlotMap& map) {
  const auto place = [](const std::array<double, 2>& xy) -> json::value {
    return json::array{number(xy[0]), number(xy[1])};
  };
  return {{"dataset", map.dataset},
          {"cell", map.cell},
          {"title", map.title},
          {"places", array_of(map.places, place)},
          {"labels", array_of(map.labels, [](const std::string& name) -> json::value {
             return json::value(name);
           })}};
}

}  // namespace

std::string plots_json(const Plots& plots) {
  return json::serialize(json::object{{"datasets", array_of(plots.datasets, dataset_json)},
                                      {"rolls", array_of(plots.rolls, roll_json)},
                                      {"lines", array_of(plots.lines, lines_json)},
                                      {"maps", array_of(plots.maps, map_json)}});
}

}  // namespace carousel
