#include "report/effects.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

// "depth=3 NIG" is a change of "depth=3", "NIG" one of "".
struct Change {
  std::string of, name;
};

Change change_of(const SummaryRow& row) {
  const std::size_t blank = row.variant.rfind(' ');
  if (blank == std::string::npos) return {"", row.variant};
  return {row.variant.substr(0, blank), row.variant.substr(blank + 1)};
}

bool is_change_of(const SummaryRow& row, const SummaryRow& intact) {
  return &row != &intact && !row.variant.empty() && row.dataset == intact.dataset &&
         row.cell == intact.cell && row.setting == intact.setting &&
         change_of(row).of == intact.variant;
}

struct Pairs {
  std::vector<double> changed, intact;

  Statistic difference() const {
    std::vector<double> differences;
    for (std::size_t k = 0; k < changed.size(); ++k) differences.push_back(changed[k] - intact[k]);
    return statistic_of(differences);
  }
};

// Trials of two rows that belong together, where both have a figure.
template <class Belong, class Figure>
Pairs pairs_of(const std::vector<std::size_t>& changed, const std::vector<std::size_t>& intact,
               const std::vector<TrialRecord>& trials, Belong&& belong, Figure&& figure) {
  Pairs pairs;
  for (const std::size_t i : changed) {
    for (const std::size_t j : intact) {
      if (trials[i].status != "done" || trials[j].status != "done") continue;
      const double a = figure(trials[i]), b = figure(trials[j]);
      if (!belong(trials[i], trials[j]) || !std::isfinite(a) || !std::isfinite(b)) continue;
      pairs.changed.push_back(a);
      pairs.intact.push_back(b);
    }
  }
  return pairs;
}

Effect effect_of(const SummaryRow& row, const SummaryRow& intact, const StudyResults& results) {
  const std::string& metric = results.problem(row.dataset).chooses().name;
  const Pairs seeds = pairs_of(
      row.trials, intact.trials, results.trials,
      [](const TrialRecord& a, const TrialRecord& b) { return a.seed == b.seed; },
      [&](const TrialRecord& r) { return r.figure(metric, Split::test); });
  const Pairs draws = pairs_of(
      row.search, intact.search, results.trials,
      [](const TrialRecord& a, const TrialRecord& b) { return a.draw == b.draw; },
      [](const TrialRecord& r) { return r.chosen_by(); });
  Effect effect;
  effect.change = change_of(row).name;
  effect.parameters = row.cell_parameters;
  effect.hidden = row.hidden;
  effect.pairs = static_cast<int>(seeds.changed.size());
  effect.diverged = row.diverged;
  effect.difference = seeds.difference();
  effect.paired_t.single = paired_t_test(seeds.changed, seeds.intact).p;
  effect.draw_pairs = static_cast<int>(draws.changed.size());
  effect.draw_difference = draws.difference();
  return effect;
}

void correct(std::vector<Effect>& effects) {
  std::vector<double> single;
  for (const Effect& effect : effects) single.push_back(effect.paired_t.single);
  const std::vector<double> corrected = holm(single);
  for (std::size_t k = 0; k < effects.size(); ++k) effects[k].paired_t.corrected = corrected[k];
}

}  // namespace

bool is_change(const SummaryRow& row, const std::vector<SummaryRow>& rows) {
  return std::ranges::any_of(rows,
                             [&](const SummaryRow& other) { return is_change_of(row, other); });
}

bool is_significant(const Effect& effect) { return is_told_apart(effect.paired_t); }

EffectOutcome outcome_of(const Effect& effect, const MetricInfo& metric) {
  if (std::isnan(effect.paired_t.corrected)) return EffectOutcome::not_tested;
  if (!is_significant(effect)) return EffectOutcome::not_different;
  return metric.prefers(effect.difference.mean, 0.0) ? EffectOutcome::helps : EffectOutcome::hurts;
}

std::vector<Effects> effects_of(const StudyResults& results, const std::vector<SummaryRow>& rows) {
  std::vector<Effects> all;
  for (const SummaryRow& intact : rows) {
    Effects effects{intact.dataset, intact.label, intact.cell_parameters, {}};
    for (const SummaryRow& row : rows) {
      if (is_change_of(row, intact)) effects.changes.push_back(effect_of(row, intact, results));
    }
    if (effects.changes.empty()) continue;
    correct(effects.changes);
    // As a loss: where higher is better, what is lower is worse.
    const double sign =
        results.problem(intact.dataset).chooses().better == Better::lower ? 1.0 : -1.0;
    std::ranges::stable_sort(effects.changes, [&](const Effect& a, const Effect& b) {
      const double x = sign * a.difference.mean, y = sign * b.difference.mean;
      return std::isfinite(x) && (!std::isfinite(y) || x > y);
    });
    all.push_back(std::move(effects));
  }
  return all;
}

}  // namespace carousel
