#include "study/study_plan.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace carousel {
namespace {

// The epochs at which a search compares its draws.
std::vector<int> stops_of(const StudyOptions& study) {
  const auto& halving = study.search.halving;
  std::vector<int> stops;
  for (std::int64_t at = halving.first; at > 0 && at < study.train.epochs; at *= halving.factor) {
    stops.push_back(static_cast<int>(at));
  }
  return stops;
}

bool has_reached(const TrialRecord& record, int epochs) {
  return has_ended(record) || record.epochs >= epochs;
}

// The best figure within so many epochs, whatever came later; NaN where it diverged before.
double best_within(const TrialRecord& record, int epochs, const MetricInfo& chooses) {
  if (record.epochs < epochs && record.status == "diverged") return not_known;
  double best = not_known;
  for (const CurvePoint& point : record.curve) {
    if (point.epoch <= epochs && chooses.prefers(point.valid.front(), best)) {
      best = point.valid.front();
    }
  }
  return best;
}

}  // namespace

StudyPlan::StudyPlan(const std::vector<PlannedTrial>& planned,
                     const std::vector<StudyProblem>& problems, const StudyOptions& study)
    : planned_(planned), stops_(stops_of(study)), factor_(study.search.halving.factor) {
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const bool same = i > 0 && planned[i].problem == planned[i - 1].problem &&
                      planned[i].cell == planned[i - 1].cell &&
                      planned[i].record.setting == planned[i - 1].record.setting;
    if (!same) {
      cases_.emplace_back();
      chooses_.push_back(problems.at(planned[i].problem).chooses());
    }
    (planned[i].record.draw > 0 ? cases_.back().draws : cases_.back().seeds).push_back(i);
    of_case_.push_back(cases_.size() - 1);
    trials_.push_back(planned[i].record);
  }
  taken_.assign(trials_.size(), 0);
}

std::size_t StudyPlan::find(const std::string& id) const {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < planned_.size(); ++i) {
    if (planned_[i].id == id) return i;
    ids.push_back(planned_[i].id);
  }
  fail_input("there is no trial '{}'{}", id, did_you_mean(id, ids));
}

std::vector<std::size_t> StudyPlan::take_ready() {
  std::vector<std::size_t> ready;
  const auto take = [&](const std::vector<std::size_t>& trials) {
    for (const std::size_t trial : trials) {
      const TrialRecord& r = trials_[trial];
      const bool wants_test =
          r.selected && r.status == "done" && std::isnan(r.figure(r.metrics.front(), Split::test));
      if (taken_[trial] || r.learning_rate == 0.0 || (has_ended(r) && !wants_test)) continue;
      if (until(trial) > 0 && has_reached(r, until(trial))) continue;
      taken_[trial] = 1;
      ready.push_back(trial);
    }
  };
  for (StudyCase& one : cases_) {
    prune(one);
    take(one.draws);
  }
  for (StudyCase& one : cases_) {
    choose(one);
    take(one.draws);
    take(one.seeds);
  }
  return ready;
}

void StudyPlan::put(std::size_t trial, TrialRecord record) {
  trials_[trial] = std::move(record);
  taken_[trial] = 0;
}

void StudyPlan::choose() {
  for (StudyCase& one : cases_) {
    prune(one);
    choose(one);
  }
}

// Goes from stop to stop, as far as all draws that still run have come. Only what a draw had
// reached at a stop counts there, so that the same draws stop whenever this is asked.
void StudyPlan::prune(StudyCase& one) {
  std::vector<std::size_t> running = one.draws;
  one.until = 0;
  for (const int stop : stops_) {
    one.until = stop;
    const auto here = [&](std::size_t trial) { return has_reached(trials_[trial], stop); };
    if (running.empty() || !std::ranges::all_of(running, here)) return;
    const MetricInfo& chooses = chooses_[of_case_[running.front()]];
    std::ranges::stable_sort(running, [&](std::size_t a, std::size_t b) {
      return chooses.prefers(best_within(trials_[a], stop, chooses),
                             best_within(trials_[b], stop, chooses));
    });
    const std::size_t factor = static_cast<std::size_t>(factor_);
    const std::size_t going_on = (running.size() + factor - 1) / factor;
    for (std::size_t k = going_on; k < running.size(); ++k) {
      TrialRecord& record = trials_[running[k]];
      if (!has_ended(record)) record.status = "pruned";
    }
    running.resize(going_on);
  }
  one.until = 0;
}

// The best draw becomes the case's first selected trial; the other seeds get what it has.
void StudyPlan::choose(StudyCase& one) {
  const auto ended = [&](std::size_t trial) { return has_ended(trials_[trial]); };
  if (one.draws.empty() || one.chosen || !std::ranges::all_of(one.draws, ended)) return;
  one.chosen = true;
  const auto best = best_draw(one);
  for (const std::size_t trial : one.seeds) {
    TrialRecord& r = trials_[trial];
    r.selected = best.has_value();
    if (!best) {
      r.status = "skipped";
      continue;
    }
    const TrialRecord& chosen = trials_[*best];
    if (r.learning_rate != 0.0 && r.drawn != chosen.drawn) {
      fail_input("trial {} was trained with {}, but the search chooses {}", planned_[trial].id,
                 r.drawn, chosen.drawn);
    }
    r.draw = chosen.draw;
    r.drawn = chosen.drawn;
    r.learning_rate = chosen.learning_rate;
    r.hidden = chosen.hidden;
  }
  if (!best) return;
  trials_[*best].selected = true;
  taken_[*best] = 0;
}

// Of those that were trained, of equal ones the first.
std::optional<std::size_t> StudyPlan::best_of(const std::vector<std::size_t>& among) const {
  std::optional<std::size_t> best;
  for (const std::size_t trial : among) {
    const TrialRecord& r = trials_[trial];
    if (!was_trained(r)) continue;
    const MetricInfo& chooses = chooses_[of_case_[trial]];
    if (!best || chooses.prefers(r.chosen_by(), trials_[*best].chosen_by())) best = trial;
  }
  return best;
}

std::optional<std::size_t> StudyPlan::best_draw(const StudyCase& one) const {
  return best_of(one.draws);
}

std::optional<std::size_t> StudyPlan::best_selected(const StudyCase& one) const {
  std::vector<std::size_t> selected;
  for (const auto* trials : {&one.draws, &one.seeds}) {
    std::ranges::copy_if(*trials, std::back_inserter(selected),
                         [&](std::size_t trial) { return trials_[trial].selected; });
  }
  return best_of(selected);
}

bool has_ended(const TrialRecord& record) {
  return record.status == "done" || record.status == "diverged" || record.status == "pruned" ||
         record.status == "skipped";
}

}  // namespace carousel
