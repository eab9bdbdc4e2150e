#include "inspect/inspection.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cell/derived.hpp"
#include "inspect/step_jacobians.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

constexpr std::string_view of_gradient = "grad:";

std::vector<ExampleId> first_examples(const HeardModel& model, const Problem& problem, int most) {
  std::vector<ExampleId> ids(
      static_cast<std::size_t>(std::min<Index>(most, problem.size(model.split))));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

// Gates, what was asked for, and the states.
std::vector<std::string> names_of(const StepProgram& program, const InspectOptions& options) {
  std::vector<std::string> names = gates_of(program);
  for (const std::string& probe : options.probes) {
    if (!probe.starts_with(of_gradient)) add_once(names, probe);
  }
  for (const std::string& state : vector_states(program)) add_once(names, state);
  return names;
}

// Those of the states that were asked for; all without any such wish.
std::vector<GradientReach> asked_for(std::vector<GradientReach> all,
                                     const std::vector<std::string>& probes) {
  std::vector<std::string> states;
  for (const std::string& probe : probes) {
    if (probe.starts_with(of_gradient)) states.push_back(probe.substr(of_gradient.size()));
  }
  if (states.empty()) return all;
  std::vector<std::string> known;
  for (const GradientReach& reach : all) add_once(known, reach.state);
  for (const std::string& state : states) {
    if (std::ranges::find(known, state) == known.end()) {
      fail_input("--probe grad:{}: the cell has no such state; it has {}", state,
                 fmt::join(known, ", "));
    }
  }
  std::erase_if(all, [&](const GradientReach& reach) {
    return std::ranges::find(states, reach.state) == states.end();
  });
  return all;
}

std::vector<MatrixFigures> matrices_of(const HeardModel& model,
                                       const std::vector<Trajectory>& ways) {
  std::vector<MatrixFigures> all;
  const auto& specs = model.model.parameters();
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const bool of_a_scan = std::ranges::any_of(
        ways, [&](const Trajectory& way) { return specs[k].name.starts_with(way.place + "/"); });
    if (!of_a_scan || specs[k].shape.rank() != 2) continue;
    poll_stop();
    const std::vector<double> singular = singular_values(model.values[k]);
    const bool square = specs[k].shape[0] == specs[k].shape[1];
    all.push_back({specs[k].name, specs[k].shape, singular.front(), singular.back(),
                   square ? absolute_eigenvalues(model.values[k]).front()
                          : std::numeric_limits<double>::quiet_NaN()});
  }
  return all;
}

double median(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2.0;
}

JacobianFigures figures_of(const Tensor<double>& jacobian, int step) {
  const std::vector<double> singular = singular_values(jacobian);
  return {.step = step,
          .spectral_radius = absolute_eigenvalues(jacobian).front(),
          .largest = singular.front(),
          .median = median(singular),
          .smallest = singular.back()};
}

// What the states hand on by themselves at each step: diagonals of their own Jacobians.
std::vector<Memory> memory_of(const Trajectory& way) {
  const StepProgram direct = without_matrix_paths(*way.program);
  const Index size = state_size(direct);
  std::vector<double> logarithms(static_cast<std::size_t>(size));
  for (std::size_t t = 0; t < way.inputs.size(); ++t) {
    poll_stop();
    const Tensor<double> own = step_jacobian(direct, way.parameters, way.inputs[t], way.states[t]);
    for (Index i = 0; i < size; ++i) {
      logarithms[static_cast<std::size_t>(i)] += std::log(std::abs(own.data()[i * size + i]));
    }
  }
  std::vector<Memory> all;
  for (const ProgramState& state : direct.states) {
    for (Index unit = 0; unit < row_size(state.shape); ++unit) {
      const double mean = logarithms[all.size()] / static_cast<double>(way.inputs.size());
      all.push_back({.state = state.name,
                     .unit = static_cast<int>(unit) + 1,
                     .keeps = std::exp(mean),
                     .half_life = mean < 0.0 ? std::log(0.5) / mean
                                             : std::numeric_limits<double>::infinity()});
    }
  }
  return all;
}

ScanDynamics dynamics_of(const Trajectory& way) {
  ScanDynamics dynamics{way.place, state_size(*way.program), {}, {}, {}};
  if (dynamics.size > most_state_elements) return dynamics;
  std::vector<Tensor<double>> jacobians;
  for (std::size_t t = 0; t < way.inputs.size(); ++t) {
    poll_stop();
    jacobians.push_back(step_jacobian(*way.program, way.parameters, way.inputs[t], way.states[t]));
    dynamics.jacobians.push_back(figures_of(jacobians.back(), static_cast<int>(t) + 1));
  }
  dynamics.exponents = lyapunov_exponents(jacobians);
  dynamics.memory = memory_of(way);
  return dynamics;
}

}  // namespace

Inspection inspect(const HeardModel& model, const Problem& problem, const InspectOptions& options) {
  const std::vector<ExampleId> ids = first_examples(model, problem, options.examples);
  const std::vector<Trajectory> ways = trajectories(model, ids.front(), options.jacobian_steps);
  Inspection found;
  found.gradients = asked_for(gradient_reach(model, ids), options.probes);
  found.values = activations(model, ids, names_of(*ways.front().program, options));
  found.matrices = matrices_of(model, ways);
  for (const Trajectory& way : ways) found.dynamics.push_back(dynamics_of(way));
  return found;
}

}  // namespace carousel
