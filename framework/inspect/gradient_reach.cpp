#include "inspect/gradient_reach.hpp"

#include <algorithm>
#include <cmath>

#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

// By lag: element k - 1 is the norm of the gradient that reaches the state k steps before the last.
// norms[t] is that of the state in front of step t, for the one sequence of the scan.
std::vector<double> by_lag(std::vector<double> norms, const HeardScan& scan) {
  if (!scan.lengths.empty()) norms.resize(static_cast<std::size_t>(scan.lengths[0]));
  if (!scan.reverse) std::ranges::reverse(norms);
  return norms;
}

std::vector<std::vector<double>> with_norm_of_all(std::vector<std::vector<double>> states) {
  if (states.size() < 2) return states;
  std::vector<double> all(states.front().size());
  for (std::size_t t = 0; t < all.size(); ++t) {
    double squared = 0.0;
    for (const auto& norms : states) squared += norms[t] * norms[t];
    all[t] = std::sqrt(squared);
  }
  states.push_back(std::move(all));
  return states;
}

std::vector<GradientReach> without_norms(const Listener& listener) {
  std::vector<GradientReach> all;
  for (const HeardScan& scan : listener.scans) {
    const auto& states = scan.program->states;
    for (const ProgramState& state : states) all.push_back({scan.place, state.name, {}});
    if (states.size() > 1) all.push_back({scan.place, "all", {}});
  }
  return all;
}

}  // namespace

std::vector<GradientReach> gradient_reach(const HeardModel& model, Ids ids) {
  std::vector<GradientReach> reach;
  std::vector<int> longer;  // by lag: sequences that are that long
  for (const ExampleId& id : ids) {
    poll_stop();
    Listener listener{.gradient_norms = true, .last_step_alone = true};
    model.run({&id, 1}, listener, [&](const HeardPass& pass) {
      pass.tape.gradients(pass.loss, pass.parameters);
      if (reach.empty()) reach = without_norms(listener);
      std::size_t steps = 0;
      std::size_t k = 0;
      for (const HeardScan& scan : listener.scans) {
        for (auto& norms : with_norm_of_all(scan.gradient_norms->norms)) {
          const std::vector<double> own = by_lag(std::move(norms), scan);
          auto& sums = reach[k++].norms;
          steps = own.size();
          sums.resize(std::max(sums.size(), steps));
          for (std::size_t lag = 0; lag < steps; ++lag) sums[lag] += own[lag];
        }
      }
      longer.resize(std::max(longer.size(), steps));
      for (std::size_t lag = 0; lag < steps; ++lag) ++longer[lag];
    });
  }
  for (GradientReach& one : reach) {
    for (std::size_t lag = 0; lag < one.norms.size(); ++lag) one.norms[lag] /= longer[lag];
  }
  return reach;
}

int lag_of_share(const GradientReach& reach, double share) {
  for (std::size_t lag = 0; lag < reach.norms.size(); ++lag) {
    if (reach.norms[lag] <= share * reach.norms.front()) return static_cast<int>(lag) + 1;
  }
  return 0;
}

}  // namespace carousel
