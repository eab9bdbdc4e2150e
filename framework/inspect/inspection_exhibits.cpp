#include "inspect/inspection_exhibits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel {
namespace {

// Pictures of more would be too fine to see.
constexpr Index most_shown = 128;

std::string moment(const InspectedModel& model) {
  if (model.epoch == 0) return "at the start";
  if (model.epoch == model.trial.best_epoch) return "best epoch";
  return fmt::format("epoch {:6}", model.epoch);  // in order of their names
}

Tensor<float> line_of(const std::vector<double>& values) {
  return Tensor<float>::from({std::ssize(values)},
                             std::vector<float>(values.begin(), values.end()));
}

Exhibit lines(const std::string& title, const std::string& x_title, const std::string& y_title) {
  return {"lines",
          title,
          {},
          {{"first", 1.0}},
          {{"x_title", x_title}, {"y_title", y_title}, {"y_scale", "log"}}};
}

// Of each scan the state that says most: all of them together, where there are several.
std::vector<const GradientReach*> main_states(const InspectedModel& model) {
  std::vector<const GradientReach*> states;
  const auto& reached = model.found.gradients;
  for (std::size_t k = 0; k < reached.size(); ++k) {
    const bool last = k + 1 == reached.size() || reached[k + 1].place != reached[k].place;
    if (last) states.push_back(&reached[k]);
  }
  return states;
}

std::vector<Exhibit> gradients(std::span<const InspectedModel> moments) {
  std::vector<Exhibit> all;
  for (const GradientReach* reach : main_states(moments.front())) {
    all.push_back(lines(
        fmt::format("Gradient of the last step's loss by the state before it, {}", reach->place),
        "steps before the last one", "norm"));
  }
  for (const InspectedModel& model : moments) {
    const auto states = main_states(model);
    for (std::size_t k = 0; k < states.size(); ++k) {
      all[k].arrays[moment(model)] = line_of(states[k]->norms);
    }
  }
  return all;
}

std::vector<Exhibit> jacobians(const InspectedModel& model) {
  std::vector<Exhibit> all;
  for (const ScanDynamics& scan : model.found.dynamics) {
    if (scan.jacobians.empty()) continue;
    std::vector<double> radius, largest;
    for (const JacobianFigures& j : scan.jacobians) {
      radius.push_back(j.spectral_radius);
      largest.push_back(j.largest);
    }
    all.push_back(lines(fmt::format("Jacobian of a step along an example, {}", scan.place), "step",
                        "spectral radius, largest singular value"));
    all.back().arrays = {{"spectral radius", line_of(radius)},
                         {"largest singular value", line_of(largest)}};
  }
  return all;
}

// At 0, 1, .. 100 per cent of the units, in order: cells with other numbers of units lie on the
// same axis.
std::vector<double> quantiles(std::vector<double> values) {
  std::ranges::sort(values);
  std::vector<double> at;
  for (int percent = 0; percent <= 100; ++percent) {
    const double place = percent / 100.0 * static_cast<double>(values.size() - 1);
    at.push_back(values[static_cast<std::size_t>(std::lround(place))]);
  }
  return at;
}

std::vector<Exhibit> half_lives(const InspectedModel& model) {
  std::vector<Exhibit> all;
  for (const ScanDynamics& scan : model.found.dynamics) {
    if (scan.memory.empty()) continue;
    std::map<std::string, std::vector<double>> by_state;
    for (const Memory& m : scan.memory) by_state[m.state].push_back(m.half_life);
    Exhibit exhibit = lines(fmt::format("Half-lives of units, {}", scan.place),
                            "per cent of the units, shortest first", "steps");
    exhibit.numbers["first"] = 0.0;
    for (const auto& [state, lives] : by_state) {
      std::vector<double> shown = quantiles(lives);
      for (double& steps : shown) {  // which a logarithmic axis has no place for
        if (!std::isfinite(steps) || steps <= 0.0) steps = std::numeric_limits<double>::quiet_NaN();
      }
      exhibit.arrays[state] = line_of(shown);
    }
    all.push_back(std::move(exhibit));
  }
  return all;
}

Exhibit heat_of(const Activation& gate) {
  const Index steps = std::min(gate.first.shape()[0], most_shown);
  const Index units = std::min(gate.first.shape()[1], most_shown);
  Tensor<float> shown = Tensor<float>::uninitialised({units, steps});
  for (Index t = 0; t < steps; ++t) {
    for (Index u = 0; u < units; ++u) {
      shown.data()[u * steps + t] = gate.first.data()[t * gate.first.shape()[1] + u];
    }
  }
  return {"heat",
          fmt::format("Gate {} along an example, {}", gate.name, gate.place),
          {{"values", std::move(shown)}},
          {},
          {{"row_title", "unit"}, {"column_title", "step"}}};
}

// As Karpathy, Johnson and Li 2015, arXiv:1506.02078, figure 2.
Exhibit saturation(const InspectedModel& model) {
  Exhibit exhibit{
      "points",
      "How often units of gates are closed and open",
      {},
      {},
      {{"x_title", "share of steps above 0.9"}, {"y_title", "share of steps below 0.1"}}};
  for (const Activation& one : model.found.values) {
    if (!one.is_gate) continue;
    Tensor<float> points = Tensor<float>::uninitialised({std::ssize(one.units), 2});
    for (std::size_t u = 0; u < one.units.size(); ++u) {
      points.data()[2 * u] = static_cast<float>(one.units[u].high);
      points.data()[2 * u + 1] = static_cast<float>(one.units[u].low);
    }
    exhibit.arrays[one.name + ", " + one.place] = std::move(points);
  }
  return exhibit;
}

void append(std::vector<Exhibit>& all, std::vector<Exhibit> more) {
  for (Exhibit& one : more) all.push_back(std::move(one));
}

}  // namespace

std::vector<Exhibit> exhibits_of(std::span<const InspectedModel> moments) {
  std::vector<Exhibit> all = gradients(moments);
  for (const InspectedModel& model : moments) {
    if (model.epoch != model.trial.best_epoch) continue;
    append(all, jacobians(model));
    append(all, half_lives(model));
    for (const Activation& one : model.found.values) {
      if (one.is_gate) all.push_back(heat_of(one));
    }
    Exhibit shares = saturation(model);
    if (!shares.arrays.empty()) all.push_back(std::move(shares));
  }
  return all;
}

}  // namespace carousel
