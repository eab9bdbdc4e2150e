#include "task/count_models.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "task/next_frame_model.hpp"

namespace carousel {
namespace {

// -log P of an outcome of one key.
struct KeyCost {
  double off = 0.0;
  double on = 0.0;
};

// How often the key was on in so many frames.
KeyCost cost_of(double on, double frames) {
  const double rate = (on + 0.5) / (frames + 1.0);
  return {-std::log1p(-rate), -std::log(rate)};
}

// Costs of each key after it was off [0] and after it was on [1].
using Costs = std::vector<std::array<KeyCost, 2>>;

Costs rates(const SequenceSplit& split) {
  std::vector<double> on(static_cast<std::size_t>(split.width));
  for (std::size_t i = 0; i < split.frames.size(); ++i) {
    on[i % on.size()] += static_cast<double>(split.frames[i]);
  }
  Costs costs;
  for (const double count : on) {
    const KeyCost cost = cost_of(count, static_cast<double>(split.total()));
    costs.push_back({cost, cost});
  }
  return costs;
}

Costs transitions(const SequenceSplit& split) {
  const auto width = static_cast<std::size_t>(split.width);
  std::vector<std::array<double, 2>> frames(width);  // by the state before
  std::vector<std::array<double, 2>> on(width);
  for (Index s = 0; s < split.sequences(); ++s) {
    for (Index t = 1; t < split.lengths[static_cast<std::size_t>(s)]; ++t) {
      for (std::size_t k = 0; k < width; ++k) {
        const std::size_t before = split.frame(s, t - 1)[k] > 0.0f;
        frames[k][before] += 1.0;
        on[k][before] += static_cast<double>(split.frame(s, t)[k]);
      }
    }
  }
  Costs costs;
  for (std::size_t k = 0; k < width; ++k) {
    costs.push_back({cost_of(on[k][0], frames[k][0]), cost_of(on[k][1], frames[k][1])});
  }
  return costs;
}

// Of the frames from `first` on.
Tally count(const SequenceSplit& split, const Costs& costs, Index first) {
  Tally tally(counts_of(frame_metrics()), split.sequences());
  for (Index s = 0; s < split.sequences(); ++s) {
    double& nll = tally.at("nats", s);
    const Index length = split.lengths[static_cast<std::size_t>(s)];
    for (Index t = first; t < length; ++t) {
      const float* frame = split.frame(s, t);
      const float* before = t > 0 ? split.frame(s, t - 1) : frame;
      for (std::size_t k = 0; k < costs.size(); ++k) {
        const KeyCost& cost = costs[k][before[k] > 0.0f];
        nll += frame[k] > 0.0f ? cost.on : cost.off;
      }
    }
    tally.at("steps", s) = static_cast<double>(length - first);
  }
  return tally;
}

Baseline baseline_of(const char* name, const SequenceSet& set, const Costs& costs, Index first) {
  Baseline baseline{name, {}};
  for (const Split split : all_splits) {
    const Tally tally = count(part_of(set, split), costs, first);
    for (const Metric& metric : frame_metrics()) {
      baseline.figures[metric.name][split] = figure_of(metric, tally);
    }
  }
  return baseline;
}

}  // namespace

const std::vector<Metric>& frame_metrics() {
  static const std::vector<Metric> metrics = {
      {{"nll", "NLL", "nats per step"}, {"nats", "steps"}, mean_over_terms},
      {{"nll_by_sequence", "NLL by sequence", "nats per step"},
       {"nats", "steps"},
       mean_over_examples}};
  return metrics;
}

std::vector<Baseline> count_models(const SequenceSet& set) {
  if (set.outputs != OutputKind::bernoulli) return {};
  const Index context = set.train.context;
  return {baseline_of(independent_keys, set, rates(set.train), context),
          baseline_of(markov_chain, set, transitions(set.train), std::max<Index>(context, 1))};
}

}  // namespace carousel
