#include "report/plots.hpp"

#include <algorithm>
#include <cmath>

#include "report/exhibit_parts.hpp"
#include "study/planned_trials.hpp"
#include "study/settings.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr int kThousand = 1000;
constexpr int kWorthShowing = 20;  // thousandths

DivergedCurve diverged_curve(const TrialRecord& trial) {
  DivergedCurve curve{trial.seed, {}};
  for (const CurvePoint& point : trial.curve) {
    if (std::isfinite(point.valid.front()) && std::isfinite(point.seconds)) {
      curve.points.push_back(point);
    }
  }
  return curve;
}

void sort_by_value(std::vector<SearchPoint>& points) {
  const bool numbers = std::ranges::all_of(
      points, [](const SearchPoint& p) { return number_in(p.value).has_value(); });
  std::ranges::stable_sort(points, [&](const SearchPoint& a, const SearchPoint& b) {
    return numbers ? *number_in(a.value) < *number_in(b.value) : a.value < b.value;
  });
}

std::vector<KeySweep> sweeps_of(const SummaryRow& row, const StudyResults& results) {
  std::vector<KeySweep> sweeps;
  for (const std::size_t at : row.search.empty() ? row.trials : row.search) {
    const TrialRecord& trial = results.trials[at];
    const bool known = trial.status == "done" || trial.status == "pruned";
    for (const auto& [key, value] : settings_of(trial)) {
      auto found = std::ranges::find(sweeps, key, &KeySweep::key);
      if (found == sweeps.end()) found = sweeps.insert(found, {key, {}});
      found->points.push_back({trial.draw, value, known ? trial.chosen_by() : not_known,
                               trial.status, trial.draw > 0 && trial.selected});
    }
  }
  for (KeySweep& sweep : sweeps) sort_by_value(sweep.points);
  return sweeps;
}

// So that the best draw is the lowest, as tuning_curve() takes it.
std::vector<TuningPoint> tuning_of(std::vector<double> draws, const MetricInfo& metric) {
  const double sign = metric.better == Better::lower ? 1.0 : -1.0;
  for (double& draw : draws) draw *= sign;
  std::vector<TuningPoint> points = tuning_curve(draws);
  for (TuningPoint& point : points) point.expected *= sign;
  return points;
}

PlotSeries series_of(const SummaryRow& row, const StudyResults& results) {
  const StudyProblem& problem = results.problem(row.dataset);
  PlotSeries series;
  series.label = row.label;
  series.seeds = row.seeds - row.diverged;
  series.band = band_of(row, results.trials);
  if (problem.loss != problem.chooses().name) {
    for (BandPoint& point : series.band) point.train = not_known;
  }
  for (const std::size_t at : row.trials) {
    const TrialRecord& trial = results.trials[at];
    if (trial.status == "diverged") series.diverged.push_back(diverged_curve(trial));
  }
  series.sweeps = sweeps_of(row, results);
  const std::vector<double> draws = draws_of(row, results);
  if (draws.size() > 1) series.tuning = tuning_of(draws, problem.chooses());
  return series;
}

int thousandths(float probability) {
  if (!std::isfinite(probability)) return -1;
  return static_cast<int>(std::lround(std::clamp(probability, 0.0f, 1.0f) * kThousand));
}

PlotRoll whole_roll(const StudyExhibit& roll) {
  const Tensor<float>& notes_of = array_in(roll.exhibit, "notes");
  const Tensor<float>& expected_of = array_in(roll.exhibit, "expected");
  if (notes_of.shape().rank() != 2 || notes_of.shape() != expected_of.shape()) {
    fail_bug("a piano roll has notes {} and expected {}, not both [steps, width]",
             notes_of.shape().to_string(), expected_of.shape().to_string());
  }
  const Index steps = notes_of.shape()[0];
  const Index width = notes_of.shape()[1];
  const int lowest = static_cast<int>(number_in(roll.exhibit, "lowest"));
  PlotRoll whole{roll.dataset, roll.cell, roll.exhibit.title, lowest, static_cast<int>(width),
                 {},           {}};
  for (Index step = 0; step < steps; ++step) {
    std::vector<int>& notes = whole.notes.emplace_back();
    std::vector<int>& expected = whole.expected.emplace_back();
    for (Index key = 0; key < width; ++key) {
      const auto at = static_cast<std::size_t>(step * width + key);
      if (notes_of.values()[at] > 0.5f) notes.push_back(lowest + static_cast<int>(key));
      expected.push_back(thousandths(expected_of.values()[at]));
    }
  }
  return whole;
}

struct Keys {
  int lowest = 0;
  int end = 0;  // one beyond the highest
};

// One key more on either side, so that no note lies on the frame; all keys when none sounds.
Keys keys_in_use(const std::vector<PlotRoll>& rolls, const PlotRoll& like) {
  const int first = like.lowest;
  const int last = like.lowest + like.keys;
  Keys used{last, first};
  const auto use = [&](int pitch) {
    used.lowest = std::min(used.lowest, pitch);
    used.end = std::max(used.end, pitch + 1);
  };
  for (const PlotRoll& roll : rolls) {
    if (roll.dataset != like.dataset || roll.sequence != like.sequence) continue;
    for (std::size_t step = 0; step < roll.notes.size(); ++step) {
      for (const int pitch : roll.notes[step]) use(pitch);
      for (int key = 0; key < roll.keys; ++key) {
        if (roll.expected[step][static_cast<std::size_t>(key)] >= kWorthShowing) {
          use(roll.lowest + key);
        }
      }
    }
  }
  if (used.lowest >= used.end) return {first, last};
  return {std::max(used.lowest - 1, first), std::min(used.end + 1, last)};
}

PlotRoll cut(const PlotRoll& roll, const Keys& keys) {
  PlotRoll part = roll;
  part.lowest = keys.lowest;
  part.keys = keys.end - keys.lowest;
  for (std::vector<int>& row : part.expected) {
    const auto begin = row.begin() + (keys.lowest - roll.lowest);
    row = std::vector<int>(begin, begin + part.keys);
  }
  return part;
}

}  // namespace

Plots plots_of(const StudyResults& results, const std::vector<SummaryRow>& rows) {
  Plots plots;
  for (const SummaryRow& row : rows) {
    if (plots.datasets.empty() || plots.datasets.back().dataset != row.dataset) {
      plots.datasets.push_back({row.dataset, results.problem(row.dataset).chooses(), {}});
    }
    plots.datasets.back().series.push_back(series_of(row, results));
  }
  std::vector<PlotRoll> whole;
  for (const StudyExhibit& one : results.exhibits) {
    if (one.exhibit.kind == "roll") whole.push_back(whole_roll(one));
  }
  for (const PlotRoll& roll : whole) plots.rolls.push_back(cut(roll, keys_in_use(whole, roll)));
  plots.lines = lines_of(results.exhibits);
  plots.matrices = matrices_of(results.exhibits);
  plots.maps = maps_of(results.exhibits);
  for (const auto& [dataset, cell, exhibit] : results.exhibits) {
    if (exhibit.kind != "text") continue;
    plots.texts.push_back(
        {dataset, cell, exhibit.title, text_in(exhibit, "prime"), text_in(exhibit, "text")});
  }
  return plots;
}

}  // namespace carousel
