#include "train/study_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "layer/recurrent_stack.hpp"

namespace carousel {

StudyPlan::StudyPlan(const StudyOptions& options, const std::vector<Cell>& cells,
                     const std::vector<SequenceSet>& sets) {
  const std::vector<double> rates = drawn_rates(options);
  for (std::size_t d = 0; d < sets.size(); ++d) {
    const FrameTask task = sets[d].task();
    for (std::size_t c = 0; c < cells.size(); ++c) {
      TrialRecord record;
      record.cell = cells[c].name;
      record.variant = options.cells[c].changes();
      record.dataset = sets[d].name;
      record.hidden = options.cells[c].hidden;
      if (record.hidden == 0) {
        record.hidden = hidden_for_parameters(cells[c], task.context * task.width,
                                              options.model.depth, options.parameters);
      }
      record.status = "waiting";
      const std::string prefix = sets.size() > 1 ? record.dataset + "-" : "";
      const std::string name = fmt::format("{}{}-h{}", prefix, record.name(), record.hidden);
      StudyCase& added = cases_.emplace_back();
      added.dataset = d;
      added.cell = c;
      record.seed = options.seeds.front();
      for (const double rate : rates) {
        record.learning_rate = rate;
        ++record.draw;
        add_trial(record, added.draws, fmt::format("{}-r{}", name, record.draw));
      }
      record.draw = 0;
      record.learning_rate = rates.empty() ? options.train.optimiser.learning_rate : 0.0;
      record.selected = rates.empty();
      for (std::size_t s = rates.empty() ? 0 : 1; s < options.seeds.size(); ++s) {
        record.seed = options.seeds[s];
        add_trial(record, added.seeds, fmt::format("{}-s{}", name, record.seed));
      }
    }
  }
  taken_.assign(trials_.size(), 0);
}

void StudyPlan::add_trial(const TrialRecord& record, std::vector<std::size_t>& to,
                          const std::string& key) {
  to.push_back(trials_.size());
  trials_.push_back(record);
  of_case_.push_back(cases_.size() - 1);
  keys_.push_back(key);
}

std::vector<std::size_t> StudyPlan::take_ready() {
  std::vector<std::size_t> ready;
  const auto take = [&](const std::vector<std::size_t>& trials) {
    for (const std::size_t trial : trials) {
      const TrialRecord& r = trials_[trial];
      const bool wants_test = r.selected && r.status == "done" && std::isnan(r.test_nll);
      if (taken_[trial] || r.learning_rate == 0.0 || (has_ended(r) && !wants_test)) continue;
      taken_[trial] = 1;
      ready.push_back(trial);
    }
  };
  for (const StudyCase& one : cases_) take(one.draws);
  for (StudyCase& one : cases_) {
    choose(one);
    take(one.draws);
    take(one.seeds);
  }
  return ready;
}

// The best draw becomes the case's first selected trial; the other seeds get its rate.
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
    } else {
      r.draw = trials_[*best].draw;
      r.learning_rate = trials_[*best].learning_rate;
    }
  }
  if (!best) return;
  trials_[*best].selected = true;
  taken_[*best] = 0;
}

namespace {

// The lowest validation NLL of those that are done, of equal ones the first.
template <class Takes>
std::optional<std::size_t> best_of(const std::vector<std::size_t>& among,
                                   const std::vector<TrialRecord>& trials, Takes&& takes) {
  std::optional<std::size_t> best;
  for (const std::size_t trial : among) {
    const TrialRecord& r = trials[trial];
    if (r.status != "done" || !takes(r)) continue;
    if (!best || r.valid_nll < trials[*best].valid_nll) best = trial;
  }
  return best;
}

}  // namespace

std::optional<std::size_t> StudyPlan::best_draw(const StudyCase& one) const {
  return best_of(one.draws, trials_, [](const TrialRecord&) { return true; });
}

std::optional<std::size_t> StudyPlan::best_selected(const StudyCase& one) const {
  std::vector<std::size_t> all = one.draws;
  all.insert(all.end(), one.seeds.begin(), one.seeds.end());
  return best_of(all, trials_, [](const TrialRecord& r) { return r.selected; });
}

bool has_ended(const TrialRecord& record) {
  return record.status == "done" || record.status == "diverged" || record.status == "skipped";
}

namespace {

// Trained parameters of the layers; nothing where the cell can't be built.
std::optional<std::int64_t> count_at(const Cell& cell, Index input, int depth, Index hidden) {
  try {
    const RecurrentStack stack(cell, {input, hidden, depth});
    return trained_count(stack.parameters());
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace

int hidden_for_parameters(const Cell& cell, Index input, int depth, std::int64_t wanted) {
  // Counts grow with the hidden size: the first one above the number wanted lies in (low, high].
  constexpr int largest = 1 << 14;
  constexpr int gap = 64;  // no cell leaves out more sizes in a row
  const auto next_buildable = [&](int hidden) {
    for (int h = hidden; h < hidden + gap; ++h) {
      if (const auto count = count_at(cell, input, depth, h)) return std::pair(h, *count);
    }
    cell.build({input, hidden});  // says what is wrong
    fail_input("cell {}: can't be built for hidden sizes {} to {}", cell.name, hidden,
               hidden + gap - 1);
  };
  std::pair<int, std::int64_t> below = next_buildable(1), above = below;
  if (below.second > 2 * wanted) {
    fail_input("cell {}: even {} hidden units have {} parameters, {} were wanted", cell.name,
               below.first, below.second, wanted);
  }
  while (above.second <= wanted) {
    below = above;
    if (2 * above.first > largest) {
      fail_input("cell {}: {} hidden units have only {} parameters, {} were wanted", cell.name,
                 above.first, above.second, wanted);
    }
    above = next_buildable(2 * above.first);
  }
  while (above.first - below.first > 1) {
    const auto middle = next_buildable(below.first + (above.first - below.first) / 2);
    if (middle.first >= above.first) break;
    (middle.second <= wanted ? below : above) = middle;
  }
  // Between them there may be sizes left, where the cell leaves out some.
  for (int h = below.first + 1; h < above.first; ++h) {
    const auto count = count_at(cell, input, depth, h);
    if (count && *count <= wanted) below = {h, *count};
    if (count && *count > wanted) above = {h, *count};
  }
  return wanted - below.second <= above.second - wanted ? below.first : above.first;
}

}  // namespace carousel
